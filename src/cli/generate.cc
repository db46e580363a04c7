// generate: a fleet out of nothing, as documents that `freehold apply` takes. Needs no server.
#include "fleet/generate.h"

#include <utility>

#include "cli/cli.h"
#include "cli/commands.h"

namespace freehold::cli {

int generate(const GenerateCommand& options) {
  auto mix = fleet::parse_mix(options.mix);
  if (!mix) return complain_usage(mix.error());
  // One document after the other, so that a large fleet is never held whole.
  const bool is_json = options.output == Output::json;
  bool is_first = true;
  if (is_json) put(R"({"apiVersion":"v1","kind":"List","items":[)");
  fleet::generate({std::move(mix).value(), options.sites, options.seed},
                  [&](const api::Object& object) {
                    const json::Value body = api::to_json(object);
                    if (is_json)
                      put((std::exchange(is_first, false) ? "\n" : ",\n") + json::print(body));
                    else
                      put("---\n" + document(body, Output::yaml));
                  });
  if (is_json) put("]}\n");
  return done;
}

}  // namespace freehold::cli
