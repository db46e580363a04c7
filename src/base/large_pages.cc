#include "base/large_pages.h"

#include <sys/mman.h>

#include <cstdlib>
#include <new>

namespace freehold {

void* take_pages(size_t bytes) {
  constexpr size_t large = size_t{2} << 20;
  const bool is_large = bytes >= large;
  void* at = nullptr;
  if (posix_memalign(&at, is_large ? large : alignof(std::max_align_t), bytes) != 0)
    throw std::bad_alloc();
  if (is_large) (void)madvise(at, bytes, MADV_HUGEPAGE);
  return at;
}

void release_pages(void* at) noexcept { std::free(at); }

}  // namespace freehold
