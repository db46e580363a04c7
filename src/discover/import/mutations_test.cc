// Files that were cut, flipped, doubled, shuffled, blown up and renamed, of every text format that
// the registry has, and the documents of a Redfish service: no importer crashes, takes a second, or
// accepts a reference that leads nowhere. The samples are those of the fuzzers; the seed is fixed,
// so a failure repeats. All ten thousand run each time.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "base/random.h"
#include "base/strings.h"
#include "discover/import/testing/promises.h"
#include "discover/redfish/inventory.h"
#include "discover/redfish/survey.h"
#include "discover/testing/redfish.h"

namespace freehold::discover {
namespace {

namespace fs = std::filesystem;

constexpr size_t mutations = 10'000;  // over all formats
constexpr double most_seconds = 1;    // of processor time, for one file

std::string read_text(const fs::path& path) {
  std::ostringstream out;
  out << std::ifstream(path, std::ios::binary).rdbuf();
  return out.str();
}

// Tests run in the root of the repository. Formats of one reader may share a folder.
fs::path folder_of(std::string_view format) {
  std::string name(format);
  std::ranges::replace(name, '-', '_');
  const fs::path folder = "src/discover/import/" + name + "_fuzz_corpus";
  return fs::exists(folder) || !name.ends_with("_smi")
             ? folder
             : fs::path("src/discover/import/smi_topo_fuzz_corpus");
}

std::vector<std::string> samples_of(std::string_view format) {
  std::vector<fs::path> files;
  std::error_code code;
  for (const auto& entry : fs::directory_iterator(folder_of(format), code))
    files.push_back(entry.path());
  std::ranges::sort(files);
  std::vector<std::string> out;
  for (const fs::path& file : files) out.push_back(read_text(file));
  return out;
}

class Mutator {
 public:
  explicit Mutator(uint64_t seed) : random_(seed) {}

  std::string mutate(const std::vector<std::string>& samples) {
    std::string text = samples[below(samples.size())];
    for (size_t i = below(3) + 1; i > 0; --i) once(text, samples);
    return text;
  }
  size_t below(size_t n) {
    return n == 0 ? 0 : static_cast<size_t>(random_.in(0, static_cast<int64_t>(n) - 1));
  }

 private:
  void once(std::string& text, const std::vector<std::string>& samples) {
    switch (below(9)) {
      case 0:
        return text.resize(below(text.size() + 1));
      case 1:
        for (size_t i = below(8) + 1; i > 0 && !text.empty(); --i)
          text[below(text.size())] ^= static_cast<char>(1 << below(8));
        return;
      case 2:
        return lines(text, "\n");
      case 3:
        return lines(text, "\n\n");
      case 4:
        return blow_up(text);
      case 5:
        return nest(text);
      case 6:
      case 7:
        return rename(text);
      default: {
        const std::string& other = samples[below(samples.size())];
        const size_t begin = below(other.size() + 1);
        text.insert(below(text.size() + 1), other.substr(begin, below(512)));
      }
    }
  }

  // Doubles, swaps or drops lines, or the blocks between blank lines.
  void lines(std::string& text, std::string_view separator) {
    std::vector<std::string> parts;
    for (size_t begin = 0; begin < text.size();) {
      const size_t end = std::min(text.find(separator, begin), text.size());
      parts.push_back(text.substr(begin, end - begin));
      begin = end + separator.size();
    }
    if (parts.empty()) return;
    const size_t a = below(parts.size()), b = below(parts.size());
    const size_t how = below(3);
    if (how == 0) parts.insert(parts.begin() + static_cast<ptrdiff_t>(b), std::string(parts[a]));
    if (how == 1) std::swap(parts[a], parts[b]);
    if (how == 2) parts.erase(parts.begin() + static_cast<ptrdiff_t>(a));
    text = join(parts, separator);
  }

  void blow_up(std::string& text) {
    static constexpr std::string_view numbers[] = {
        "99999999999999999999", "4294967296", "-1", "0", "65536", "9223372036854775807", "1e308"};
    const size_t at = text.find_first_of("0123456789", below(text.size() + 1));
    if (at == text.npos) return;
    const size_t end = std::min(text.find_first_not_of("0123456789", at), text.size());
    text.replace(at, end - at, numbers[below(std::size(numbers))]);
  }

  void nest(std::string& text) {
    static constexpr std::string_view openings[] = {"[", "{", "- ", "<a>", "(", "\"", "{\"a\":"};
    const std::string_view opening = openings[below(std::size(openings))];
    std::string deep;
    for (size_t i = size_t{1} << below(14); i > 0; --i) deep += opening;
    text.insert(below(text.size() + 1), deep);
  }

  // One of several places where the same word stands gets another one.
  void rename(std::string& text) {
    const auto is_word = [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
    };
    size_t begin = below(text.size() + 1);
    while (begin < text.size() && !is_word(text[begin])) ++begin;
    size_t end = begin;
    while (end < text.size() && is_word(text[end])) ++end;
    const std::string word = text.substr(begin, end - begin);
    if (word.empty() || text.find(word) == text.rfind(word)) return;
    text.replace(begin, word.size(), word + "x" + std::to_string(below(10)));
  }

  Random random_;
};

struct Slowest {
  double seconds = 0;
  std::clock_t began = 0;
  void begin() { began = std::clock(); }
  void end() {
    seconds = std::max(seconds, static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC);
  }
};

TEST(Mutations, ten_thousand_broken_files_are_refused_or_read_without_a_loose_end) {
  std::map<std::string, std::pair<const Importer*, std::vector<std::string>>> formats;
  for (const Importer& importer : importers()) {
    if (importer.read_text == nullptr) continue;  // a folder, not a text
    auto samples = samples_of(importer.format);
    ASSERT_FALSE(samples.empty()) << "put samples of " << importer.format << " into "
                                  << folder_of(importer.format);
    formats.emplace(importer.format, std::pair(&importer, std::move(samples)));
  }
  Slowest slowest;
  uint64_t seed = 1;
  for (const auto& [format, about] : formats) {
    Mutator mutator(seed++);
    size_t accepted = 0;
    // One share of ten thousand is Redfish's, below.
    for (size_t i = 0; i < mutations / (formats.size() + 1); ++i) {
      SCOPED_TRACE(format + ", mutation " + std::to_string(i));
      const std::string text = mutator.mutate(about.second);
      slowest.begin();
      auto inventory = about.first->read_text(text, testing::promise_options());
      accepted += inventory.ok() ? 1 : 0;
      ASSERT_EQ(testing::import_faults(std::move(inventory)), "") << text.substr(0, 2000);
      slowest.end();
    }
    EXPECT_GT(accepted, 50u) << format << ": hardly anything was read, so little was tried";
  }
  EXPECT_LT(slowest.seconds, most_seconds);
}

TEST(Mutations, a_broken_redfish_service_is_read_without_a_loose_end) {
  const auto whole = testing::redfish_documents(testing::gpu_machine());
  std::vector<std::string> ids;
  for (const auto& [id, text] : whole) ids.push_back(id);
  Mutator mutator(100);
  Slowest slowest;
  for (size_t i = 0; i < mutations / 10; ++i) {
    SCOPED_TRACE("mutation " + std::to_string(i));
    auto documents = whole;
    for (size_t n = mutator.below(3) + 1; n > 0; --n) {
      const std::string& id = ids[mutator.below(ids.size())];
      documents[id] = mutator.mutate({whole.at(id)});
    }
    slowest.begin();
    ASSERT_EQ(testing::import_faults(redfish::inventory(
                  redfish::survey(testing::crawl_of(documents)), testing::promise_options())),
              "");
    slowest.end();
  }
  EXPECT_LT(slowest.seconds, most_seconds);
}

TEST(Mutations, the_samples_themselves_are_read) {
  for (const Importer& importer : importers()) {
    if (importer.read_text == nullptr) continue;
    size_t accepted = 0;
    for (const std::string& sample : samples_of(importer.format))
      accepted += importer.read_text(sample, {"file", "imported", "fra1"}).ok() ? 1 : 0;
    EXPECT_GT(accepted, 0u) << importer.format;
  }
}

}  // namespace
}  // namespace freehold::discover
