// A Store that breaks its first promise: watches get each commit in two halves, some time apart.
// The fault that cost most in a prototype, planted so that the simulation can show that it finds
// it. The store that it wraps outlives it.
#pragma once

#include <memory>

#include "runtime/runtime.h"
#include "store/store.h"

namespace freehold::sim {

std::unique_ptr<store::Store> deliver_in_halves(Runtime& runtime, store::Store& whole);

}  // namespace freehold::sim
