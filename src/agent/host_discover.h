// Discoverer: looks at the machine's hardware on a thread of its own, because drivers may take
// their time or hang. Owns the Discovery, and with it the vendors' libraries. Called on the loop
// thread; answers there too. A look that never comes back costs nothing but the later ones.
#pragma once

#include <functional>
#include <memory>

#include "discover/discovery.h"
#include "runtime/loop.h"

namespace freehold::agent {

class Discoverer {
 public:
  Discoverer(Loop& loop, std::unique_ptr<discover::Discovery> discovery);
  ~Discoverer();  // waits a little for a look on its way, whose answer is lost
  Discoverer(const Discoverer&) = delete;
  Discoverer& operator=(const Discoverer&) = delete;

  // `unavailable` while an earlier look has not come back.
  void look(std::function<void(Result<discover::Machine>)> done);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace freehold::agent
