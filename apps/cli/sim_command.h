// `irsa sim`: the local AWS behind a real server, until SIGTERM or SIGINT (exit code 0).
#pragma once
#include <string>

namespace cli {

struct SimOptions {
  std::string listen = "127.0.0.1:0";  // ADDRESS:PORT; port 0 lets the kernel choose
  std::string iKnow;                   // the one address beside loopback that may be listened on
  std::string account = "111122223333";
  std::string region = "us-west-2";
  std::string accessKeyId, secretAccessKey;  // both or neither; neither: random ones
  std::string tlsCertificate, tlsKey;        // PEM files, both or neither
  std::string caFile;                        // roots beside the system's, for fetching issuers
  bool allowLoopbackIssuers = false;
  std::string dialect = "classic";  // or "opaque"
  std::string stateFile;            // empty: memory only
  std::string time;                 // RFC 3339: the simulator's clock starts there; empty: the real time
};

// Prints one JSON line when it serves:
// {"endpoint":"http://127.0.0.1:PORT","region":…,"account":…,"accessKeyId":…,"secretAccessKey":…}
int runSim(const SimOptions& options);

}  // namespace cli
