#include "crypto/openssl.h"

namespace crypto {

base::Result<std::vector<PemBlock>> pemBlocks(std::string_view pem) {
  if (pem.empty()) return std::vector<PemBlock>{};
  ForgetErrors quiet;
  OwnedBio bio(BIO_new_mem_buf(pem.data(), int(pem.size())));
  std::vector<PemBlock> blocks;
  while (true) {
    char *name = nullptr, *header = nullptr;
    unsigned char* data = nullptr;
    long size = 0;
    if (PEM_read_bio(bio.get(), &name, &header, &data, &size) != 1) break;
    bool encrypted = std::string_view(header).find("ENCRYPTED") != std::string_view::npos;
    blocks.push_back({name, encrypted, std::string(reinterpret_cast<char*>(data), std::size_t(size))});
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_clear_free(data, std::size_t(size));
  }
  auto last = ERR_peek_last_error();
  if (last != 0 && ERR_GET_REASON(last) != PEM_R_NO_START_LINE)
    return base::invalid("PEM block " + std::to_string(blocks.size() + 1) + " is damaged");
  return blocks;
}

}  // namespace crypto
