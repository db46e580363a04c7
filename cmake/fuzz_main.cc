// A fuzzer without libFuzzer: every build replays its corpus, so that each input that once mattered
// is a test, and then tries mutations of it for $FREEHOLD_FUZZ_SECONDS (1). A mutation is a
// function of its number alone; what breaks is named by it, and $FREEHOLD_FUZZ_ONLY=number tries
// that one. Arguments: files or folders; what does not exist counts as empty.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/random.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

uint64_t number = 0;  // of the mutation at work; 0: of the corpus

void run(const std::string& bytes) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
}

void name_it(int signal) {
  char text[80];
  const int n = std::snprintf(text, sizeof text, "broken by FREEHOLD_FUZZ_ONLY=%llu\n",
                              static_cast<unsigned long long>(number));
  if (::write(2, text, static_cast<size_t>(n)) < 0) ::_exit(1);
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

std::vector<std::string> read_corpus(int argc, char** argv) {
  namespace fs = std::filesystem;
  std::vector<fs::path> files;
  for (int i = 1; i < argc; ++i) {
    if (fs::is_regular_file(argv[i])) files.emplace_back(argv[i]);
    if (!fs::is_directory(argv[i])) continue;
    for (const auto& entry : fs::recursive_directory_iterator(argv[i]))
      if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<std::string> corpus{""};
  for (const fs::path& path : files) {
    std::ifstream file(path, std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return corpus;
}

std::string mutation(const std::vector<std::string>& corpus) {
  freehold::Random random(number);
  const auto below = [&](size_t n) {
    return n == 0 ? 0 : static_cast<size_t>(random.in(0, static_cast<int64_t>(n) - 1));
  };
  std::string bytes = corpus[below(corpus.size())];
  const std::string& other = corpus[below(corpus.size())];
  for (int64_t edits = random.in(1, 8); edits > 0; --edits) {
    const size_t at = below(bytes.size() + 1);
    switch (random.in(0, 5)) {
      case 0:
        if (at < bytes.size()) bytes[at] = static_cast<char>(random.in(0, 255));
        break;
      case 1:
        if (at < bytes.size()) bytes[at] = static_cast<char>(bytes[at] ^ (1 << random.in(0, 7)));
        break;
      case 2:
        bytes.erase(at, below(16));
        break;
      case 3:
        bytes.insert(at, 1 + below(4), "\"\\{}[]:,-0/\n &*<~\xff"[below(18)]);
        break;
      case 4:
        bytes.insert(at, other, below(other.size() + 1), below(64));
        break;
      default:
        bytes.insert(at, bytes, below(bytes.size() + 1), below(64));
    }
  }
  return bytes;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> corpus = read_corpus(argc, argv);
  for (const int signal : {SIGABRT, SIGSEGV, SIGFPE, SIGILL, SIGBUS}) std::signal(signal, name_it);
  if (const char* only = std::getenv("FREEHOLD_FUZZ_ONLY")) {
    number = std::strtoull(only, nullptr, 10);
    run(mutation(corpus));
    return 0;
  }
  for (const std::string& input : corpus) run(input);
  const char* wish = std::getenv("FREEHOLD_FUZZ_SECONDS");
  const auto end = std::chrono::steady_clock::now() +
                   std::chrono::milliseconds(std::atoi(wish == nullptr ? "1" : wish) * 1000);
  while (std::chrono::steady_clock::now() < end) {
    ++number;
    run(mutation(corpus));
  }
  std::printf("%zu inputs and %llu mutations of them\n", corpus.size(),
              static_cast<unsigned long long>(number));
}
