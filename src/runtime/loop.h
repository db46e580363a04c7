// The production Runtime: one Asio io_context run by one thread. http/ builds its sockets on
// `context()`. Asio appears here by forward declaration only, so that including this header costs
// nothing.
#pragma once

#include <memory>

#include "runtime/runtime.h"

namespace boost::asio {
class io_context;
}

namespace freehold {

class Loop final : public Runtime {
 public:
  Loop();  // seeds `random` from the system
  ~Loop() override;
  Time now() const override;
  Duration uptime() const override;
  Random& random() override;
  std::string random_token(size_t bytes) override;
  void after(Duration delay, Task task) override;
  void post(Task task) override;

  void run();   // until stop(), or until nothing is left to wait for
  void stop();  // thread safe
  // Calls `task` on the loop thread at the first of the signals; a second signal ends the process.
  void on_signal(std::initializer_list<int> signals, Task task);
  boost::asio::io_context& context();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace freehold
