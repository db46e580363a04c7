# What every file of the house is compiled with. FREEHOLD_SANITIZE and FREEHOLD_FUZZ come from
# CMakePresets.json.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

set(FREEHOLD_WARNINGS -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 reports these falsely on std::string, std::optional and std::variant (GCC bugs 105651,
  # 80635, 105562); clang and the sanitizers look for the real ones.
  list(APPEND FREEHOLD_WARNINGS -Wno-restrict -Wno-maybe-uninitialized
       -Wno-error=array-bounds -Wno-error=stringop-overflow -Wno-error=stringop-overread)
else()
  # libstdc++ 12 has its stable sorts stand on a function that C++17 deprecates; clang reports that
  # where they are used.
  list(APPEND FREEHOLD_WARNINGS -Wno-deprecated-declarations)
  # The tables of types are compiled in one file each (schema/table.h); the linker finds them.
  list(APPEND FREEHOLD_WARNINGS -Wno-undefined-var-template)
  add_link_options(-fuse-ld=lld)
endif()

# Paths in messages and debug information are relative to the source tree: builds are reproducible.
add_compile_options(-ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)
add_compile_options(-fno-omit-frame-pointer -ffunction-sections -fdata-sections)
add_link_options(-Wl,--gc-sections -Wl,--as-needed)

if(FREEHOLD_SANITIZE)
  set(sanitize -fsanitize=${FREEHOLD_SANITIZE})
  add_link_options(${sanitize})
  # With sanitizers clang compiles twice as fast as g++, and twice as fast again unoptimized.
  set(optimize -O0)
  if(FREEHOLD_FUZZ)
    set(optimize -O1)
    string(APPEND sanitize ,fuzzer-no-link)
  endif()
  add_compile_options(${optimize} -g1 ${sanitize} -fno-sanitize-recover=all)
else()
  # -g1 gives backtraces with lines at little cost; `strip` leaves a small binary.
  add_compile_options(-O2 -g1 -fstack-protector-strong -fstack-clash-protection -fcf-protection)
  add_compile_definitions(NDEBUG _FORTIFY_SOURCE=3 _GLIBCXX_ASSERTIONS)
  add_link_options(-pie -Wl,-z,relro,-z,now -Wl,-z,noexecstack)
endif()
