// catalogue: the models that come with the program. Needs no server.
#include "cli/catalogue.h"

#include <algorithm>

#include "cli/cli.h"
#include "cli/documents.h"
#include "cli/objects.h"

namespace freehold::cli {

namespace {

std::string or_dash(const std::string& text) { return text.empty() ? "-" : text; }

std::string parts_text(const api::DeviceModelSpec& spec) {
  std::string out;
  for (const api::ModelPart& part : spec.parts)
    if (part.cls == "gpu")
      out += (out.empty() ? "" : ", ") + std::to_string(part.count) + " x " + part.model;
  return out;
}

std::string table_of(const std::vector<api::Object>& objects, Output output, const Terminal& t) {
  std::vector<std::string> headers{"NAME", "TYPE", "MODEL", "MEMORY", "POWER", "PARTS", "FACTS"};
  if (output == Output::wide)
    headers.insert(headers.end(), {"VENDOR", "BANDWIDTH", "SCALE-UP", "PARTITIONS", "UNITS", "KG"});
  Table table(headers);
  for (const api::Object& object : objects) {
    const auto& model = *object.as<api::DeviceModel>();
    const api::DeviceModelSpec& spec = model.spec;
    std::vector<std::string> row{model.metadata.name,
                                 api::enum_text(spec.type),
                                 spec.model,
                                 or_dash(spec.memory.text()),
                                 or_dash(spec.power.maximum.text()),
                                 or_dash(parts_text(spec)),
                                 certainty(spec)};
    if (output == Output::wide) {
      const auto number = [](int64_t n) { return n == 0 ? std::string("-") : std::to_string(n); };
      row.insert(row.end(), {or_dash(spec.vendor), or_dash(spec.memory_bandwidth.text()),
                             or_dash(spec.scale_up_bandwidth.text()),
                             number(static_cast<int64_t>(spec.partitions.size())),
                             number(spec.height), number(spec.weight_kg)});
    }
    table.add(std::move(row));
  }
  return table.text(t);
}

}  // namespace

std::string certainty(const api::DeviceModelSpec& spec) {
  bool some_recalled = false, some_derived = false, some_better = false;
  for (const api::Source& source : spec.sources)
    (source.check == api::FactCheck::recalled  ? some_recalled
     : source.check == api::FactCheck::derived ? some_derived
                                               : some_better) = true;
  std::string out = some_better     ? "read"
                    : some_derived  ? "derived"
                    : some_recalled ? "recalled"
                                    : "-";
  if (some_better && some_derived) out += ", some derived";
  if ((some_better || some_derived) && some_recalled) out += ", some recalled";
  return out;
}

Result<std::vector<api::Object>> read_catalogue() {
  std::vector<api::Object> out;
  for (const std::string_view text : catalogue_texts())
    for (const Document& document : TRY(parse_documents(text, "")))
      out.push_back(TRY(object_of(document)));
  std::sort(out.begin(), out.end(), [](const api::Object& a, const api::Object& b) {
    return a.meta().name < b.meta().name;
  });
  return out;
}

int catalogue(const std::string& name, Output output) {
  auto objects = read_catalogue();
  if (!objects) return complain(objects.error());
  if (!name.empty()) {
    std::erase_if(*objects, [&](const api::Object& o) { return o.meta().name != name; });
    if (objects->empty())
      return complain(Error{Reason::not_found, "the catalogue has no model \"" + name +
                                                   "\"; freehold catalogue lists them"});
    if (output == Output::table) output = Output::yaml;
  }
  if (output == Output::name) {
    for (const api::Object& object : *objects) put("devicemodel/" + object.meta().name + "\n");
  } else if (output == Output::json || output == Output::yaml) {
    put(name.empty() ? list_document(*objects, output)
                     : document(api::to_json(objects->front()), output));
  } else {
    put(table_of(*objects, output, terminal(stdout)));
  }
  return done;
}

}  // namespace freehold::cli
