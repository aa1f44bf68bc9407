// The slow plain forward pass that the engine is checked against: whole sequences, no cache, sums
// in double, one obvious loop after another. It rounds what the engine rounds by contract: keys and
// values to half precision and, before quantised weights, activations to int8 blocks.
#pragma once

#include <vector>

#include "engine/embedded/model/model.hpp"

namespace troupe::engine {

using float_rows = std::vector<std::vector<float>>;

// Returns weights x for each row x, [row][weights.rows].
float_rows reference_product(const matrix_view& weights, const float_rows& input);

// Rounds a row to int8 blocks of 32 and back.
std::vector<float> reference_rounding(const std::vector<float>& row);

// Returns the logits of every token, [token][vocab].
float_rows reference_forward(const model& weights, const std::vector<std::int32_t>& tokens);

}  // namespace troupe::engine
