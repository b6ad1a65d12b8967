// The text of tags, of sessions and of resources alike.
#pragma once
#include <string_view>

namespace policy {

// [\p{L}\p{Z}\p{N}_.:/=+\-@]*: letters, blanks, digits and these marks. Beyond ASCII only what is plainly something
// else is refused: controls, punctuation, currencies, arrows and other symbols, private characters. Ill-formed UTF-8 is
// no text.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html
bool isTagText(std::string_view text);

// A key that only AWS itself may set: "aws:…", whatever its case.
bool isReservedTagKey(std::string_view key);

}  // namespace policy
