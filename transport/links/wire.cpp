// What of the format needs no template: bytes without a copy, and errors.
#include "transport/links/wire.hpp"

#include "runtime/errc.hpp"

namespace troupe::transport {

namespace {

// What of an error follows its form. Sentences of other categories stay behind: only CAF's own code
// could render them.
enum class error_form : std::uint8_t {
  none,      // nothing
  bare,      // code
  sentence,  // code, text
  refusal,   // code, text, seconds
  foreign,   // code, category
};

constexpr auto error_forms = 5;

bool is_ours(const caf::error& error) {
  static const auto category = make_error(errc::invalid_config).category();
  return error.category() == category;
}

error_form form_of(const caf::error& error) {
  if (!error) return error_form::none;
  if (!is_ours(error)) return error_form::foreign;
  if (retry_after_s(error)) return error_form::refusal;
  return error.context().match_elements<std::string>() ? error_form::sentence : error_form::bare;
}

}  // namespace

void wire_writer::put_bytes(const shared_bytes& x) {
  TROUPE_ASSERT(x.size() <= std::numeric_limits<std::uint32_t>::max());
  (*this)(static_cast<std::uint32_t>(x.size()));
  if (x.size() < wire_bounds::blob_bytes_min) {
    out_.append(x.view());
  } else {
    blobs_.push_back(x);
  }
}

void wire_writer::put_large(const std::string& x) {
  blobs_.emplace_back(whose_ == texts::taken ? std::move(const_cast<std::string&>(x))
                                             : std::string{x});
}

const shared_bytes* wire_reader::next_blob(std::size_t size) {
  if (blobs_.empty() || blobs_.front().size() != size) {
    fail();
    return nullptr;
  }
  const auto* next = &blobs_.front();
  blobs_ = blobs_.subspan(1);
  return next;
}

bool wire_reader::get_large(std::string& x, std::size_t size) {
  const auto* blob = next_blob(size);
  if (blob == nullptr) return false;
  x.assign(blob->view());
  return true;
}

bool wire_reader::get(shared_bytes& x) {
  std::uint32_t size = 0;
  if (!get(size)) return false;
  if (size < wire_bounds::blob_bytes_min) {
    if (size > left()) return fail();
    x = shared_bytes{std::string{at_, size}};
    at_ += size;
    return true;
  }
  const auto* blob = next_blob(size);
  if (blob == nullptr) return false;
  x = *blob;
  return true;
}

void wire_writer::put_error(const caf::error& x) {
  const auto form = form_of(x);
  (*this)(form);
  switch (form) {
    case error_form::none:
      return;
    case error_form::bare:
      return (*this)(x.code());
    case error_form::sentence:
      return (*this)(x.code(), x.context().get_as<std::string>(0));
    case error_form::refusal:
      return (*this)(x.code(), x.context().get_as<std::string>(0), *retry_after_s(x));
    case error_form::foreign:
      return (*this)(x.code(), x.category());
  }
}

bool wire_reader::get(caf::error& x) {
  auto form = error_form::none;
  std::uint8_t code = 0;
  std::string text;
  std::uint32_t seconds = 0;
  caf::atom_value category{};
  if (!get(form) || static_cast<int>(form) >= error_forms) return fail();
  x = caf::none;
  if (form == error_form::none) return true;
  if (!get(code) || code == 0) return fail();  // CAF takes code 0 for no error
  const auto ours = static_cast<errc>(code);
  switch (form) {
    case error_form::none:
      break;
    case error_form::bare:
      x = make_error(ours);
      break;
    case error_form::sentence:
      if (!get(text)) return false;
      x = make_failure(ours, std::move(text));
      break;
    case error_form::refusal:
      if (!get(text) || !get(seconds)) return false;
      x = make_refusal(ours, std::move(text), seconds);
      break;
    case error_form::foreign:
      if (!get(category)) return false;
      x = caf::error{code, category};
      if (is_ours(x)) return fail();  // has a form of its own
      break;
  }
  return true;
}

}  // namespace troupe::transport
