// The answers under way by request id, so that another connection can end them.
//
// Thread: the io thread.
// Bounds: one entry an answer; the engine's queues bound those.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace troupe::engine {

// An answer that can be ended from outside.
class abortable {
 public:
  virtual ~abortable() = default;

  // Ends what still runs with the finish reason "abort", and the answer with it.
  virtual void abort() = 0;
};

class open_answers {
 public:
  // Adds an answer; ids may repeat, as clients choose them.
  void add(const std::string& id, abortable& answer) { by_id_.emplace(id, &answer); }

  // Forgets an answer; harmless where it is not there.
  void remove(const std::string& id, const abortable& answer);

  // Ends all answers to a request, called as the client called it or as the answer does
  // (chatcmpl-…, cmpl-…). Unknown ids are let pass: the answer may just have ended.
  void abort(std::string_view id);

 private:
  void abort_exactly(std::string_view id);

  std::multimap<std::string, abortable*, std::less<>> by_id_;
};

}  // namespace troupe::engine
