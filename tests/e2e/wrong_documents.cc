// Prints documents that the tables of the API refuse: for each kind one line of JSON that says
// where such objects live and gives one that is good, then one line for each wrong one with the
// field that the refusal must name. Arguments: how many for each kind, and a seed.
#include <cstdio>
#include <cstdlib>

#include "api/registry.h"
#include "api/testing/documents.h"
#include "schema/samples.h"

namespace freehold {
namespace {

void put(json::Object line) { std::puts(json::print(json::Value(std::move(line))).c_str()); }

void put_kind(const api::Kind& kind, size_t count, uint64_t seed) {
  json::Array verbs;
  for (const std::string_view verb : kind.verbs) verbs.emplace_back(verb);
  put({{"kind", json::Value(kind.name)},
       {"apiVersion", json::Value(kind.api_version())},
       {"plural", json::Value(kind.plural)},
       {"namespaced", json::Value(kind.namespaced)},
       {"verbs", json::Value(std::move(verbs))},
       {"good", api::testing::good_document(kind)}});
  const json::Value good = api::testing::good_fields(kind);
  for (const auto& wrong : schema::wrong_documents(*kind.type, good, count, seed))
    put({{"kind", json::Value(kind.name)},
         {"field", json::Value(wrong.field)},
         {"reason", json::Value(wrong.reason)},
         {"document", api::testing::with_header(kind, wrong.document)}});
}

}  // namespace
}  // namespace freehold

int main(int argc, char** argv) {
  const size_t count = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 200;
  const uint64_t seed = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 1;
  for (const freehold::api::Kind* kind : freehold::api::kinds())
    freehold::put_kind(*kind, count, seed);
}
