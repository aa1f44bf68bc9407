#include "engine/embedded/model/model.hpp"

#include <cmath>
#include <limits>
#include <utility>

#include "engine/embedded/model/gguf_format.hpp"
#include "engine/embedded/model/gguf_quantise.hpp"
#include "engine/embedded/model/kernels/processor.hpp"

namespace troupe::engine {

namespace {

constexpr std::uint32_t layers_max = 1024;
constexpr std::uint32_t head_dim_step = 16;  // lanes of the attention kernel
constexpr std::uint32_t head_dim_max = 1024;
constexpr std::uint32_t dimension_max = 1U << 24U;

std::string dims_text(const tensor_view& tensor) {
  std::string text = "[" + std::to_string(tensor.dims[0]);
  for (std::size_t i = 1; i < tensor.dims.size(); ++i) {
    if (tensor.dims[i] != 1) text += ", " + std::to_string(tensor.dims[i]);
  }
  return text + "]";
}

bool is_positive(double value) {
  return value > 0 && std::isfinite(static_cast<float>(value));
}

}  // namespace

class model_loader {
 public:
  explicit model_loader(const gguf_file& file) : file_{file}, model_{new model} {}

  caf::expected<std::unique_ptr<model>> load() {
    if (!kernels::is_processor_supported()) {
      fail(errc::unsupported, "this processor lacks SSE4.2, which the engine needs");
    }
    check_architecture();
    read_shape();
    read_weights();
    if (failed_) return error_;
    return std::move(model_);
  }

 private:
  // Keeps the first failure; every later step is skipped or harmless.
  void fail(errc code, std::string text) {
    if (std::exchange(failed_, true)) return;
    error_ = make_failure(code, std::move(text));
  }

  void fail(const caf::error& error) {
    if (std::exchange(failed_, true)) return;
    error_ = error;
  }

  std::uint32_t number(const std::string& key, std::uint32_t most) {
    if (failed_) return 1;
    auto value = file_.get_uint("llama." + key);
    if (!value) {
      fail(value.error());
    } else if (*value == 0 || *value > most) {
      fail(errc::malformed_file, "llama." + key + " is " + std::to_string(*value) +
                                     ", outside 1.." + std::to_string(most));
    } else {
      return static_cast<std::uint32_t>(*value);
    }
    return 1;
  }

  // Like number, with a default where the file lacks the key.
  std::uint32_t number_or(const std::string& key, std::uint32_t otherwise) {
    if (file_.find("llama." + key) == nullptr) return otherwise;
    return number(key, std::numeric_limits<std::uint32_t>::max());
  }

  float real(const std::string& key) {
    if (failed_) return 1;
    auto value = file_.get_number("llama." + key);
    if (!value) {
      fail(value.error());
    } else if (!is_positive(*value)) {
      fail(errc::malformed_file, "llama." + key + " is not a positive number");
    } else {
      return static_cast<float>(*value);
    }
    return 1;
  }

  void check_architecture() {
    auto architecture = file_.get_string("general.architecture");
    if (!architecture) return fail(architecture.error());
    if (*architecture != "llama") {
      fail(errc::unsupported, "general.architecture is \"" + *architecture + "\", not \"llama\"");
    }
    if (file_.find("llama.rope.scaling.type") != nullptr) {
      auto scaling = file_.get_string("llama.rope.scaling.type");
      if (!scaling || *scaling != "none") {
        fail(errc::unsupported, "llama.rope.scaling.type is not \"none\"");
      }
    }
    if (const auto* experts = file_.find("llama.expert_count")) {
      const auto* count = std::get_if<std::uint64_t>(experts);
      if (count == nullptr || *count != 0) {
        fail(errc::unsupported, "llama.expert_count: mixtures of experts are not supported");
      }
    }
  }

  void read_shape() {
    auto& s = model_->shape_;
    s.layers = number("block_count", layers_max);
    s.hidden = number("embedding_length", dimension_max);
    s.ffn = number("feed_forward_length", dimension_max);
    s.heads = number("attention.head_count", dimension_max);
    s.kv_heads = number_or("attention.head_count_kv", s.heads);
    s.context_tokens_max = number("context_length", dimension_max);
    s.rms_epsilon = real("attention.layer_norm_rms_epsilon");
    if (file_.find("llama.rope.freq_base") != nullptr) s.rope_base = real("rope.freq_base");
    s.head_dim = number_or("attention.key_length", s.hidden / s.heads);
    if (!failed_) check_heads();
  }

  void check_heads() {
    const auto& s = model_->shape_;
    const auto text = [](std::uint32_t value) { return std::to_string(value); };
    if (s.heads % s.kv_heads != 0) {
      fail(errc::malformed_file, "llama.attention.head_count_kv " + text(s.kv_heads) +
                                     " does not divide head_count " + text(s.heads));
    }
    if (file_.find("llama.attention.key_length") == nullptr && s.hidden % s.heads != 0) {
      fail(errc::malformed_file, "llama.embedding_length " + text(s.hidden) +
                                     " is no multiple of head_count " + text(s.heads));
    }
    if (s.head_dim == 0 || s.head_dim % head_dim_step != 0 || s.head_dim > head_dim_max) {
      fail(errc::unsupported,
           "llama.attention.key_length " + text(s.head_dim) + " is no multiple of 16 up to 1024");
    }
    if (std::uint64_t{s.heads} * s.head_dim > dimension_max) {
      fail(errc::malformed_file, "llama.attention.head_count " + text(s.heads) + " is too large");
    }
    for (const char* key : {"rope.dimension_count", "attention.value_length"}) {
      if (number_or(key, s.head_dim) == s.head_dim) continue;
      fail(errc::unsupported,
           std::string{"llama."} + key + " differs from the head's dimension " + text(s.head_dim));
    }
  }

  const tensor_view* tensor(const std::string& name) {
    if (failed_) return nullptr;
    const auto* found = file_.tensor(name);
    if (found == nullptr) fail(errc::malformed_file, "tensor " + name + " is missing");
    return found;
  }

  // Returns a view of a matrix; rows = 0 takes the file's own count.
  matrix_view matrix(const std::string& name, std::uint32_t rows, std::uint32_t columns) {
    const auto* found = tensor(name);
    if (found == nullptr) return {};
    if (rows == 0 && found->dims[1] <= dimension_max) {
      rows = static_cast<std::uint32_t>(found->dims[1]);
    }
    if (rows == 0 || found->dims != std::array<std::uint64_t, 4>{columns, rows, 1, 1}) {
      fail(errc::malformed_file, "tensor " + name + " is " + dims_text(*found) + ", not [" +
                                     std::to_string(columns) + ", " + std::to_string(rows) + "]");
      return {};
    }
    const auto format = format_of(static_cast<std::uint32_t>(found->type));
    if (!format) {
      fail(errc::unsupported, "tensor " + name + " is of a type that is not supported");
      return {};
    }
    if (columns % format->elements != 0) {
      fail(errc::malformed_file, "tensor " + name + " has " + std::to_string(columns) +
                                     " columns, no multiple of its block of " +
                                     std::to_string(format->elements));
      return {};
    }
    const auto row_bytes = columns / format->elements * format->bytes;
    if (found->data == nullptr || found->bytes < row_bytes * rows) {
      fail(errc::malformed_file, "tensor " + name + " has too few bytes");
      return {};
    }
    return {found->type, rows, columns, found->data, row_bytes};
  }

  std::vector<float> vector(const std::string& name, std::uint32_t count) {
    const auto view = matrix(name, 1, count);
    if (view.data == nullptr) return {};
    return dequantise(view.type, {view.data, view.row_bytes});
  }

  void read_weights() {
    auto& m = *model_;
    auto& s = m.shape_;
    m.embedding_ = matrix("token_embd.weight", 0, s.hidden);
    s.vocab = m.embedding_.rows;
    if (number_or("vocab_size", s.vocab) != s.vocab) {
      fail(errc::malformed_file, "llama.vocab_size differs from the " + std::to_string(s.vocab) +
                                     " rows of token_embd.weight");
    }
    m.final_norm_ = vector("output_norm.weight", s.hidden);
    const bool tied = file_.tensor("output.weight") == nullptr;
    m.head_ = tied ? m.embedding_ : matrix("output.weight", s.vocab, s.hidden);
    read_rope_factors();
    for (std::uint32_t i = 0; i < s.layers && !failed_; ++i) read_layer(i);
  }

  void read_rope_factors() {
    if (file_.tensor("rope_freqs.weight") == nullptr) return;
    model_->rope_factors_ = vector("rope_freqs.weight", model_->shape_.head_dim / 2);
    for (const float factor : model_->rope_factors_) {
      if (!is_positive(static_cast<double>(factor))) {
        fail(errc::malformed_file, "tensor rope_freqs.weight holds a factor that is not positive");
      }
    }
  }

  void read_layer(std::uint32_t index) {
    const auto& s = model_->shape_;
    const auto query_rows = s.heads * s.head_dim;
    const auto kv_rows = s.kv_heads * s.head_dim;
    const auto name = [index](const char* part) {
      return "blk." + std::to_string(index) + "." + part + ".weight";
    };
    auto& layer = model_->layers_.emplace_back();
    layer.attention_norm = vector(name("attn_norm"), s.hidden);
    layer.ffn_norm = vector(name("ffn_norm"), s.hidden);
    layer.query = matrix(name("attn_q"), query_rows, s.hidden);
    layer.key = matrix(name("attn_k"), kv_rows, s.hidden);
    layer.value = matrix(name("attn_v"), kv_rows, s.hidden);
    layer.output = matrix(name("attn_output"), s.hidden, query_rows);
    layer.gate = matrix(name("ffn_gate"), s.ffn, s.hidden);
    layer.up = matrix(name("ffn_up"), s.ffn, s.hidden);
    layer.down = matrix(name("ffn_down"), s.hidden, s.ffn);
  }

  const gguf_file& file_;
  std::unique_ptr<model> model_;
  bool failed_ = false;
  caf::error error_;
};

caf::expected<std::unique_ptr<model>> model::load(const gguf_file& file) {
  return model_loader{file}.load();
}

}  // namespace troupe::engine
