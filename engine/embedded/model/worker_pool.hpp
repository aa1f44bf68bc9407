// A few threads that share the parts of one job after another: the caller's and `threads - 1` more.
//
// Parts are claimed one by one, so a worker that the system has put aside delays nobody; who runs
// which part never shows in results. Between jobs workers spin for a moment, then sleep: an idle
// pool uses no processor time.
// Thread: one caller at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

namespace troupe::engine {

class worker_pool {
 public:
  // What runs for each part: (part, worker), worker below threads().
  using part_function = std::function<void(std::uint32_t, unsigned)>;

  explicit worker_pool(unsigned threads);
  ~worker_pool();
  worker_pool(const worker_pool&) = delete;
  worker_pool& operator=(const worker_pool&) = delete;

  unsigned threads() const;

  // Runs parts [0, parts) and returns when all are done. A single part runs on the caller.
  void run(std::uint32_t parts, const part_function& part);

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace troupe::engine
