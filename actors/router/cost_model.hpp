// How long a prefill takes on one engine, and how many bytes make a token: both learnt online.
//
// P(c, k) = b*k + a*k*(c + k/2): b seconds for each token computed, a seconds more for each token
// it attends to. Learnt by weighted least squares with forgetting, over what was measured and a
// prior that gives way to it. A single measurement moves the estimate by a bounded factor only.
//
// Thread: confined. Units: seconds, tokens, bytes. Bounds: constant size; estimates stay within
// seconds_per_token_min..max and bytes_per_token_min..max.
#pragma once

#include <cstdint>

namespace troupe::actors {

class prefill_cost {
 public:
  // Returns the seconds it takes to compute tokens behind cached ones.
  double seconds(double cached_tokens, double computed_tokens) const;

  // Takes in a measured prefill; what makes no sense is left out.
  void observe(double cached_tokens, double computed_tokens, double seconds);

  double seconds_per_token() const { return b_; }
  double seconds_per_pair() const { return a_; }
  std::uint64_t observations() const { return observations_; }

 private:
  void solve();

  // Sums over observations of weight w: x is the attention term per token, y the seconds per token.
  double w_ = 0, wx_ = 0, wy_ = 0, wxx_ = 0, wxy_ = 0;
  double b_ = 100e-6;  // a small model on a large GPU is faster, a CPU slower: soon learnt
  double a_ = 0;
  std::uint64_t observations_ = 0;
};

class token_ratio {
 public:
  // Returns how many tokens so many bytes of canonical prompt are likely to be.
  double tokens(double bytes) const { return bytes / bytes_per_token_; }

  // Returns how many bytes so many tokens are likely to be.
  double bytes(double tokens) const { return tokens * bytes_per_token_; }

  // Takes in what an engine counted for a prompt.
  void observe(double bytes, double tokens);

 private:
  double bytes_ = 4'000;  // the prior: 1,000 tokens of English
  double tokens_ = 1'000;
  double bytes_per_token_ = 4;
};

}  // namespace troupe::actors
