#include "engine/embedded/model/model.hpp"

#include <functional>
#include <limits>
#include <map>
#include <numeric>

#include "engine/embedded/model/gguf_writer.hpp"
#include "tests/engine/embedded/model/loaded_model.hpp"

namespace troupe::engine {
namespace {

struct tensor_plan {
  tensor_type type;
  std::vector<std::uint64_t> dims;
};

// The parts of a small valid file, to be spoilt one at a time.
struct file_plan {
  std::string architecture = "llama";
  std::map<std::string, std::uint32_t> numbers{
      {"llama.block_count", 1},           {"llama.context_length", 128},
      {"llama.embedding_length", 32},     {"llama.feed_forward_length", 64},
      {"llama.attention.head_count", 2},  {"llama.attention.head_count_kv", 1},
      {"llama.rope.dimension_count", 16}, {"llama.vocab_size", 8}};
  std::map<std::string, float> reals{{"llama.rope.freq_base", 500.0F},
                                     {"llama.attention.layer_norm_rms_epsilon", 1e-6F}};
  std::map<std::string, std::string> texts;
  float fill = 1;
  std::map<std::string, tensor_plan> tensors{
      {"token_embd.weight", {tensor_type::q8_0, {32, 8}}},
      {"output.weight", {tensor_type::f16, {32, 8}}},
      {"output_norm.weight", {tensor_type::f32, {32}}},
      {"blk.0.attn_norm.weight", {tensor_type::f32, {32}}},
      {"blk.0.attn_q.weight", {tensor_type::q4_1, {32, 32}}},
      {"blk.0.attn_k.weight", {tensor_type::q4_0, {32, 16}}},
      {"blk.0.attn_v.weight", {tensor_type::bf16, {32, 16}}},
      {"blk.0.attn_output.weight", {tensor_type::f32, {32, 32}}},
      {"blk.0.ffn_norm.weight", {tensor_type::f32, {32}}},
      {"blk.0.ffn_gate.weight", {tensor_type::q8_0, {32, 64}}},
      {"blk.0.ffn_up.weight", {tensor_type::q8_0, {32, 64}}},
      {"blk.0.ffn_down.weight", {tensor_type::q8_0, {64, 32}}}};

  std::vector<std::byte> bytes() const {
    gguf_writer writer;
    if (!architecture.empty()) writer.add_string("general.architecture", architecture);
    for (const auto& [key, value] : numbers) writer.add_uint(key, value);
    for (const auto& [key, value] : reals) writer.add_float(key, value);
    for (const auto& [key, value] : texts) writer.add_string(key, value);
    for (const auto& [name, plan] : tensors) {
      const auto count =
          std::accumulate(plan.dims.begin(), plan.dims.end(), std::uint64_t{1}, std::multiplies{});
      writer.add_tensor(name, plan.type, plan.dims, std::vector<float>(count, fill));
    }
    return writer.bytes();
  }

  // Returns the sentence load refuses with, empty where it does not refuse.
  std::string refusal() const {
    const auto data = bytes();
    auto file = gguf_file::parse(data.data(), data.size());
    if (!file) return "unreadable: " + failure_text(file.error());
    auto loaded = model::load(**file);
    if (loaded) return "";
    const auto code = failure_code(loaded.error(), errc::timeout);
    EXPECT_TRUE(code == errc::malformed_file || code == errc::unsupported);
    return failure_text(loaded.error());
  }
};

void expect_refusal(const std::function<void(file_plan&)>& spoil, const std::string& named) {
  file_plan plan;
  spoil(plan);
  EXPECT_NE(plan.refusal().find(named), std::string::npos) << named << ": " << plan.refusal();
}

TEST(Model, ReadsShapeAndWeights) {
  loaded_model loaded{file_plan{}.bytes()};
  const auto& shape = loaded.weights->shape();
  EXPECT_EQ(shape.layers, 1U);
  EXPECT_EQ(shape.heads, 2U);
  EXPECT_EQ(shape.kv_heads, 1U);
  EXPECT_EQ(shape.head_dim, 16U);
  EXPECT_EQ(shape.hidden, 32U);
  EXPECT_EQ(shape.ffn, 64U);
  EXPECT_EQ(shape.vocab, 8U);
  EXPECT_EQ(shape.context_tokens_max, 128U);
  EXPECT_EQ(shape.rope_base, 500.0F);
  EXPECT_EQ(shape.rms_epsilon, 1e-6F);
  const auto& layer = loaded.weights->layers().at(0);
  EXPECT_EQ(layer.query.type, tensor_type::q4_1);
  EXPECT_EQ(layer.query.row_bytes, 20U);
  EXPECT_EQ(layer.down.columns, 64U);
  EXPECT_EQ(layer.attention_norm, std::vector<float>(32, 1.0F));
  EXPECT_EQ(loaded.weights->head().type, tensor_type::f16);
  EXPECT_TRUE(loaded.weights->rope_factors().empty());
}

TEST(Model, MapsWeightsInsteadOfCopyingThem) {
  loaded_model loaded{file_plan{}.bytes()};
  EXPECT_EQ(loaded.weights->layers()[0].up.data, loaded.file->tensor("blk.0.ffn_up.weight")->data);
  EXPECT_EQ(loaded.weights->embedding().data, loaded.file->tensor("token_embd.weight")->data);
}

TEST(Model, TiesTheHeadWhereTheFileHasNone) {
  file_plan plan;
  plan.tensors.erase("output.weight");
  loaded_model loaded{plan.bytes()};
  EXPECT_EQ(loaded.weights->head().data, loaded.weights->embedding().data);
}

TEST(Model, DefaultsWhatAFileMayLeaveOut) {
  file_plan plan;
  plan.numbers.erase("llama.vocab_size");
  plan.numbers.erase("llama.rope.dimension_count");
  plan.numbers["llama.attention.head_count_kv"] = 2;
  plan.tensors["blk.0.attn_k.weight"].dims = {32, 32};
  plan.tensors["blk.0.attn_v.weight"].dims = {32, 32};
  plan.numbers.erase("llama.attention.head_count_kv");
  plan.reals.erase("llama.rope.freq_base");
  loaded_model loaded{plan.bytes()};
  EXPECT_EQ(loaded.weights->shape().kv_heads, 2U);
  EXPECT_EQ(loaded.weights->shape().rope_base, 10000.0F);
}

TEST(Model, TakesHeadsWiderThanTheirShareOfTheHiddenSize) {
  file_plan plan;
  plan.numbers["llama.attention.key_length"] = 48;
  plan.numbers["llama.rope.dimension_count"] = 48;
  plan.tensors["blk.0.attn_q.weight"].dims = {32, 96};
  plan.tensors["blk.0.attn_k.weight"].dims = {32, 48};
  plan.tensors["blk.0.attn_v.weight"].dims = {32, 48};
  plan.tensors["blk.0.attn_output.weight"].dims = {96, 32};
  loaded_model loaded{plan.bytes()};
  EXPECT_EQ(loaded.weights->shape().head_dim, 48U);
}

TEST(Model, ReadsRopeFactors) {
  file_plan plan;
  plan.tensors["rope_freqs.weight"] = {tensor_type::f32, {8}};
  plan.fill = 2;
  loaded_model loaded{plan.bytes()};
  EXPECT_EQ(loaded.weights->rope_factors(), std::vector<float>(8, 2.0F));
}

TEST(ModelErrors, NamesEveryMissingTensor) {
  for (const auto& [name, plan] : file_plan{}.tensors) {
    if (name == "output.weight") continue;
    expect_refusal([&](file_plan& p) { p.tensors.erase(name); }, "tensor " + name + " is missing");
  }
}

TEST(ModelErrors, NamesEveryTensorOfWrongDims) {
  for (const auto& [name, plan] : file_plan{}.tensors) {
    if (name == "token_embd.weight") continue;  // its rows are the vocabulary
    expect_refusal(
        [&](file_plan& p) {
          auto& dims = p.tensors[name].dims;
          dims.back() += 32;
        },
        "tensor " + name + " is [");
    expect_refusal([&](file_plan& p) { p.tensors[name].dims.push_back(2); },
                   "tensor " + name + " is [");
  }
  expect_refusal(
      [](file_plan& p) {
        p.tensors["token_embd.weight"].dims = {64, 8};
      },
      "token_embd.weight is [64, 8], not [32, 8]");
}

TEST(ModelErrors, NamesEveryMissingKey) {
  for (const char* key : {"llama.block_count", "llama.context_length", "llama.embedding_length",
                          "llama.feed_forward_length", "llama.attention.head_count"}) {
    expect_refusal([&](file_plan& p) { p.numbers.erase(key); }, key);
    expect_refusal([&](file_plan& p) { p.numbers[key] = 0; }, key);
    expect_refusal([&](file_plan& p) { p.numbers[key] = 4'000'000'000U; }, key);
  }
  expect_refusal([](file_plan& p) { p.reals.clear(); }, "layer_norm_rms_epsilon");
  expect_refusal([](file_plan& p) { p.architecture.clear(); }, "general.architecture");
}

TEST(ModelErrors, NamesNumbersThatContradict) {
  const auto set = [](const char* key, std::uint32_t value) {
    return [=](file_plan& p) { p.numbers[key] = value; };
  };
  expect_refusal(set("llama.vocab_size", 9), "llama.vocab_size");
  expect_refusal(set("llama.attention.head_count_kv", 3), "head_count_kv");
  expect_refusal(set("llama.attention.head_count_kv", 0), "head_count_kv");
  expect_refusal(set("llama.attention.head_count", 3), "embedding_length");
  expect_refusal(set("llama.attention.head_count", 4), "key_length");  // heads of 8
  expect_refusal(set("llama.attention.head_count", 64), "embedding_length");
  expect_refusal(set("llama.attention.key_length", 24), "key_length");
  expect_refusal(set("llama.attention.key_length", 2048), "key_length");
  expect_refusal(set("llama.attention.value_length", 32), "value_length");
  expect_refusal(set("llama.rope.dimension_count", 8), "rope.dimension_count");
  expect_refusal(set("llama.block_count", 2), "tensor blk.1.attn_norm.weight is missing");
}

TEST(ModelErrors, NamesRealsThatCannotBe) {
  for (const char* key : {"llama.rope.freq_base", "llama.attention.layer_norm_rms_epsilon"}) {
    for (const float value : {0.0F, -1.0F, std::numeric_limits<float>::quiet_NaN(),
                              std::numeric_limits<float>::infinity()}) {
      expect_refusal([&](file_plan& p) { p.reals[key] = value; }, key);
    }
  }
}

TEST(ModelErrors, NamesWhatIsNotSupported) {
  expect_refusal([](file_plan& p) { p.architecture = "mamba"; }, "mamba");
  expect_refusal([](file_plan& p) { p.texts["llama.rope.scaling.type"] = "yarn"; },
                 "rope.scaling.type");
  expect_refusal([](file_plan& p) { p.numbers["llama.expert_count"] = 8; }, "expert_count");
  file_plan harmless;
  harmless.texts["llama.rope.scaling.type"] = "none";
  harmless.numbers["llama.expert_count"] = 0;
  EXPECT_EQ(harmless.refusal(), "");
}

TEST(ModelErrors, NamesRopeFactorsThatAreWrong) {
  expect_refusal(
      [](file_plan& p) {
        p.tensors["rope_freqs.weight"] = {tensor_type::f32, {7}};
      },
      "rope_freqs.weight");
  expect_refusal(
      [](file_plan& p) {
        p.tensors["rope_freqs.weight"] = {tensor_type::f32, {8}};
        p.fill = 0;
      },
      "rope_freqs.weight");
}

// A quantised row that ends inside a block: the writer will not make one, so a directory is
// patched.
TEST(ModelErrors, NamesQuantisedColumnsThatFillNoBlock) {
  file_plan plan;
  plan.numbers["llama.feed_forward_length"] = 48;
  plan.tensors["blk.0.ffn_gate.weight"] = {tensor_type::f32, {32, 48}};
  plan.tensors["blk.0.ffn_up.weight"] = {tensor_type::f32, {32, 48}};
  plan.tensors["blk.0.ffn_down.weight"] = {tensor_type::f32, {48, 32}};
  ASSERT_EQ(plan.refusal(), "");
  auto data = plan.bytes();
  const std::string name = "blk.0.ffn_down.weight";
  const auto* begin = reinterpret_cast<const char*>(data.data());
  const auto at = std::string_view{begin, data.size()}.find(name);
  ASSERT_NE(at, std::string_view::npos);
  // After the name: dimension count (4 bytes), two dimensions (8 each), then the type.
  data[at + name.size() + 4 + 16] = static_cast<std::byte>(tensor_type::q8_0);
  auto file = gguf_file::parse(data.data(), data.size());
  std::string text;
  if (!file) {
    text = failure_text(file.error());
  } else {
    auto loaded = model::load(**file);
    ASSERT_FALSE(loaded);
    text = failure_text(loaded.error());
  }
  EXPECT_NE(text.find(name), std::string::npos) << text;
}

}  // namespace
}  // namespace troupe::engine
