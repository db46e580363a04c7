// IS_SANITIZED: 1 in a program that AddressSanitizer watches, else 0. Such a one is some thirty
// times as slow, and sees only what is freed one by one.
#pragma once

#if defined(__has_feature)
#define IS_SANITIZED __has_feature(address_sanitizer)
#else
#define IS_SANITIZED 0
#endif
