#include "tests/engine/embedded/model/reference_forward.hpp"

#include <algorithm>
#include <cmath>

#include "engine/embedded/model/gguf_quantise.hpp"

namespace troupe::engine {

namespace {

std::vector<float> row_of(const matrix_view& weights, std::size_t row) {
  return dequantise(weights.type, {weights.data + row * weights.row_bytes, weights.row_bytes});
}

bool is_quantised(tensor_type type) {
  return type == tensor_type::q8_0 || type == tensor_type::q4_0 || type == tensor_type::q4_1;
}

float_rows normalised(const float_rows& rows, const std::vector<float>& weight, float epsilon) {
  float_rows out = rows;
  for (auto& row : out) {
    double sum = 0;
    for (const double value : row) sum += value * value;
    const double root = std::sqrt(sum / static_cast<double>(row.size()) + epsilon);
    for (std::size_t i = 0; i < row.size(); ++i) {
      row[i] = static_cast<float>(row[i] / root * weight[i]);
    }
  }
  return out;
}

void add(float_rows& to, const float_rows& from) {
  for (std::size_t i = 0; i < to.size(); ++i) {
    for (std::size_t j = 0; j < to[i].size(); ++j) to[i][j] += from[i][j];
  }
}

// Rotates adjacent pairs of every head; row index = position.
void rotate(float_rows& rows, const model& weights) {
  const auto& shape = weights.shape();
  for (std::size_t position = 0; position < rows.size(); ++position) {
    for (std::size_t i = 0; i < rows[position].size(); i += 2) {
      const auto pair = i % shape.head_dim;
      double angle =
          static_cast<double>(position) * std::pow(static_cast<double>(shape.rope_base),
                                                   -static_cast<double>(pair) / shape.head_dim);
      if (!weights.rope_factors().empty()) angle /= weights.rope_factors()[pair / 2];
      const double a = rows[position][i], b = rows[position][i + 1];
      rows[position][i] = static_cast<float>(a * std::cos(angle) - b * std::sin(angle));
      rows[position][i + 1] = static_cast<float>(a * std::sin(angle) + b * std::cos(angle));
    }
  }
}

void round_to_half(float_rows& rows) {
  for (auto& row : rows) {
    for (auto& value : row) value = from_half(to_half(value));
  }
}

struct head_rows {
  const float_rows& query;
  const float_rows& key;
  const float_rows& value;
  std::size_t head_dim, query_offset, kv_offset;
};

std::vector<double> attention_weights(const head_rows& head, std::size_t token) {
  std::vector<double> weights(token + 1);
  for (std::size_t other = 0; other <= token; ++other) {
    for (std::size_t i = 0; i < head.head_dim; ++i) {
      weights[other] += static_cast<double>(head.query[token][head.query_offset + i]) *
                        head.key[other][head.kv_offset + i];
    }
    weights[other] /= std::sqrt(static_cast<double>(head.head_dim));
  }
  const double largest = *std::ranges::max_element(weights);
  double sum = 0;
  for (auto& weight : weights) sum += weight = std::exp(weight - largest);
  for (auto& weight : weights) weight /= sum;
  return weights;
}

void attend_head(const head_rows& head, float_rows& out) {
  for (std::size_t token = 0; token < out.size(); ++token) {
    const auto weights = attention_weights(head, token);
    for (std::size_t i = 0; i < head.head_dim; ++i) {
      double sum = 0;
      for (std::size_t other = 0; other <= token; ++other) {
        sum += weights[other] * head.value[other][head.kv_offset + i];
      }
      out[token][head.query_offset + i] = static_cast<float>(sum);
    }
  }
}

float_rows attended(const model& weights, const layer_weights& layer, const float_rows& input) {
  const auto& shape = weights.shape();
  auto query = reference_product(layer.query, input);
  auto key = reference_product(layer.key, input);
  auto value = reference_product(layer.value, input);
  rotate(query, weights);
  rotate(key, weights);
  round_to_half(key);
  round_to_half(value);
  float_rows out(input.size(), std::vector<float>(query[0].size()));
  const std::size_t group = shape.heads / shape.kv_heads;
  for (std::size_t head = 0; head < shape.heads; ++head) {
    attend_head(
        {query, key, value, shape.head_dim, head * shape.head_dim, head / group * shape.head_dim},
        out);
  }
  return reference_product(layer.output, out);
}

float_rows fed_forward(const layer_weights& layer, const float_rows& input) {
  auto gate = reference_product(layer.gate, input);
  const auto up = reference_product(layer.up, input);
  for (std::size_t i = 0; i < gate.size(); ++i) {
    for (std::size_t j = 0; j < gate[i].size(); ++j) {
      const double x = gate[i][j];
      gate[i][j] = static_cast<float>(x / (1 + std::exp(-x)) * up[i][j]);
    }
  }
  return reference_product(layer.down, gate);
}

}  // namespace

std::vector<float> reference_rounding(const std::vector<float>& row) {
  auto out = row;
  for (std::size_t block = 0; block < row.size(); block += 32) {
    float largest = 0;
    for (std::size_t i = block; i < block + 32; ++i) {
      largest = std::max(largest, std::fabs(row[i]));
    }
    if (largest == 0) continue;
    for (std::size_t i = block; i < block + 32; ++i) {
      out[i] = std::nearbyint(row[i] * (127.0F / largest)) * (largest / 127.0F);
    }
  }
  return out;
}

float_rows reference_product(const matrix_view& weights, const float_rows& input) {
  float_rows rounded = input;
  if (is_quantised(weights.type)) {
    for (auto& row : rounded) row = reference_rounding(row);
  }
  float_rows out(input.size(), std::vector<float>(weights.rows));
  for (std::size_t row = 0; row < weights.rows; ++row) {
    const auto weight = row_of(weights, row);
    for (std::size_t i = 0; i < rounded.size(); ++i) {
      double sum = 0;
      for (std::size_t column = 0; column < weights.columns; ++column) {
        sum += static_cast<double>(weight[column]) * rounded[i][column];
      }
      out[i][row] = static_cast<float>(sum);
    }
  }
  return out;
}

float_rows reference_forward(const model& weights, const std::vector<std::int32_t>& tokens) {
  const auto epsilon = weights.shape().rms_epsilon;
  float_rows x;
  for (const auto token : tokens) {
    x.push_back(row_of(weights.embedding(), static_cast<std::size_t>(token)));
  }
  for (const auto& layer : weights.layers()) {
    add(x, attended(weights, layer, normalised(x, layer.attention_norm, epsilon)));
    add(x, fed_forward(layer, normalised(x, layer.ffn_norm, epsilon)));
  }
  return reference_product(weights.head(), normalised(x, weights.final_norm(), epsilon));
}

}  // namespace troupe::engine
