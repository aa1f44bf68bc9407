// Any bytes are refused or read as a message; what is read has these bytes as its only form.
//
// The first byte is the number of the kind.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "actors/catalogue.hpp"
#include "runtime/assert.hpp"

namespace {

using namespace troupe;
using namespace troupe::transport;

// Remembers what handles said, in their order: there are no actors here.
class remembered_handles : public handle_mapper {
 public:
  void write(wire_writer& out, const caf::strong_actor_ptr&) override {
    TROUPE_ASSERT(written_ < read_.size());
    out(read_[written_++]);
  }

  caf::strong_actor_ptr read(wire_reader& in) override {
    std::uint64_t number = 0;
    if (in(number)) read_.push_back(number);
    return nullptr;
  }

 private:
  std::vector<std::uint64_t> read_;
  std::size_t written_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto kinds = actors::make_catalogue();
  if (size == 0) return 0;
  const std::uint16_t kind = data[0];
  const std::string_view bytes{reinterpret_cast<const char*>(data) + 1, size - 1};
  remembered_handles handles;
  wire_reader in{bytes, {}, handles};
  const auto element = kinds.read(kind, nullptr, caf::make_message_id(), in);
  TROUPE_ASSERT((element != nullptr) == (in.complete() && kind < kinds.names().size()));
  if (element == nullptr) return 0;
  TROUPE_ASSERT(kinds.find(element->content()) == kind);
  std::string again;
  std::vector<shared_bytes> blobs;
  wire_writer out{again, blobs, handles};
  kinds.write(kind, element->content(), out);
  TROUPE_ASSERT(again == bytes);
  return 0;
}
