#include "discover/import/merge_fields.h"

#include <algorithm>

#include "base/quantity.h"
#include "base/strings.h"
#include "discover/gpu_models.h"
#include "discover/import/limits.h"
#include "discover/import/merge_host.h"
#include "discover/parse.h"

namespace freehold::discover {

namespace {

bool is_empty(const json::Value& value) {
  if (const auto* object = value.as_object()) return object->empty();
  if (const auto* array = value.as_array()) return array->empty();
  if (const auto* text = value.as_string()) return text->empty();
  return value.is_null();
}

// Items of lists that have no key in the tables, but one by their nature.
std::string key_of(const json::Value& item, const schema::TypeInfo& type,
                   std::string_view list_key) {
  const auto text = [&](std::string_view name) -> std::string {
    const json::Value* at = item.at({name});
    if (at == nullptr) return {};
    if (const auto* string = at->as_string()) return *string;
    return at->as_int() != nullptr ? std::to_string(*at->as_int()) : std::string();
  };
  if (type.name == "DeviceLink" || type.name == "LinkNow") {
    const std::string kind = text("kind");
    return text("to") + "/" + (kind.empty() ? "nvlink" : kind);
  }
  if (type.name == "DegradedLink") return text("at");
  if (list_key.empty()) return {};
  const std::string key = text(list_key);
  return key.empty() ? "0" : key;  // a number that is zero is not printed
}

bool is_keyed(const schema::TypeInfo& type, std::string_view list_key) {
  return !list_key.empty() || type.name == "DeviceLink" || type.name == "LinkNow" ||
         type.name == "DegradedLink";
}

bool is_pci_id(std::string_view text) {  // "10de:2330"
  return text.size() == 9 && text[4] == ':' && parse_hex_id(text.substr(0, 4), 4).size() == 4;
}

// Whether what a source says with PCI ids may be what another calls by name; ids of which no name
// is known may be anything.
bool may_be_model(std::string_view ids, std::string_view name) {
  const GpuModel* model = find_gpu_model(ids);
  if (model == nullptr) return true;
  if (const std::string set = instructions_of(name); !set.empty())
    return model->instructions.empty() || model->instructions == set;
  const std::string sold = model_word(model->name), said = model_word(name);
  return sold.empty() || said.empty() || sold.starts_with(said) || said.starts_with(sold);
}

// "v100" of "Tesla V100-SXM3-32GB": the words of the family, in a row, are among those of the
// model.
bool is_family_of(std::string_view family, std::string_view model) {
  const auto words_of = [](std::string_view text) {
    std::string words = " " + to_lower(text) + " ";
    for (char& c : words)
      if (c == '-' || c == '_') c = ' ';
    return words;
  };
  return words_of(model).find(words_of(family)) != std::string::npos;
}

// NCCL tells the processor, of which the importer makes "AuthenticAMD family 25 machine".
bool is_made_up_product(std::string_view product) { return product.ends_with(" machine"); }

// Of two values that differ without a contradiction, the one that says more.
enum class Finer { kept, other, neither };

// A name is more than the numbers or the instruction set of the same model, or than its family; a
// bridge more than the root above it, a network device with RDMA more than one of which that is not
// known.
Finer finer_of(std::string_view field, const json::Value& kept, const json::Value& other) {
  const std::string *a = kept.as_string(), *b = other.as_string();
  if (a == nullptr || b == nullptr) return Finer::neither;
  const auto other_if = [](bool is_other) { return is_other ? Finer::other : Finer::kept; };
  if (field == "model" && is_pci_id(*a) != is_pci_id(*b)) {
    const bool is_name_other = is_pci_id(*a);
    const bool fits =
        is_name_other ? may_be_model(to_lower(*a), *b) : may_be_model(to_lower(*b), *a);
    return fits ? other_if(is_name_other) : Finer::neither;
  }
  if (field == "model" && instructions_of(*a).empty() != instructions_of(*b).empty()) {
    const bool is_name_other = instructions_of(*b).empty();
    const std::string_view known = instructions_of_model(is_name_other ? *b : *a);
    const bool fits = known.empty() || known == instructions_of(is_name_other ? *a : *b);
    return fits ? other_if(is_name_other) : Finer::neither;
  }
  if (field == "model" && is_family_of(*a, *b)) return Finer::other;
  if (field == "model" && is_family_of(*b, *a)) return Finer::kept;
  if (field == "product" && is_made_up_product(*a) != is_made_up_product(*b))
    return other_if(is_made_up_product(*a));
  if (field == "architecture" && *a == "ppc64" && *b == "ppc64le") return Finer::other;  // NCCL's
  if (field == "architecture" && *a == "ppc64le" && *b == "ppc64") return Finer::kept;
  if (field == "parent" && is_pci_root(*a) != is_pci_root(*b)) return other_if(is_pci_root(*a));
  // A MAC address does not contradict a GUID, nor a serial number a UUID: the firmest stands.
  if (field == "identity" && !are_of_one_form(*a, *b)) return Finer::kept;
  if (field == "class" && *a == "nic" && *b == "rdma-nic") return Finer::other;
  if (field == "class" && *a == "rdma-nic" && *b == "nic") return Finer::kept;
  return Finer::neither;
}

// For people: bytes with their unit, lists that are long as a count.
std::string short_text(std::string_view field, const json::Value& value) {
  if (const auto* text = value.as_string()) return clean_text(*text, 256);
  if (const auto* array = value.as_array()) {
    std::string text = json::print(value);
    return text.size() <= 128 ? text : std::to_string(array->size()) + " entries";
  }
  if (const int64_t* number = value.as_int(); number != nullptr && field.ends_with("Bytes"))
    return humanize(*number, Dimension::bytes);
  return clean_text(json::print(value), 256);
}

bool is_same(const schema::TypeInfo& type, std::string_view field, const json::Value& a,
             const json::Value& b) {
  if (a == b) return true;
  if (a.is_number() && b.is_number()) return a.number() == b.number();
  if (a.as_string() == nullptr || b.as_string() == nullptr) return false;
  if (field == "identity") return plain_identity(*a.as_string()) == plain_identity(*b.as_string());
  if (to_lower(*a.as_string()) == to_lower(*b.as_string())) return true;
  if (type.kind != schema::Kind::quantity) return false;
  const auto first = Quantity::parse_any(*a.as_string());
  const auto second = Quantity::parse_any(*b.as_string());
  return first.ok() && second.ok() && first->dimension() == second->dimension() &&
         first->currency() == second->currency() && *first == *second;
}

}  // namespace

void FieldMerge::add(const schema::TypeInfo& type, json::Value& into, const json::Value& from,
                     const Speaker& speaker, const std::string& path) {
  if (speakers_.empty() || speakers_.back().source != speaker.source) speakers_.push_back(speaker);
  now_ = &speakers_.back();
  if (into.as_object() == nullptr) into = json::Object();
  if (from.as_object() != nullptr) add_object(type, *into.as_object(), *from.as_object(), path);
}

void FieldMerge::add_object(const schema::TypeInfo& type, json::Object& into,
                            const json::Object& from, const std::string& path) {
  // What stands in a document when nothing was said: the defaults that are not zero.
  const json::Value defaults = schema::to_json(type, type.prototype);
  for (const schema::FieldInfo& info : type.fields) {
    const json::Value* value = from.find(info.name);
    if (value == nullptr || is_empty(*value)) continue;
    const json::Value* silent = defaults.at({info.name});
    if (silent != nullptr && *silent == *value) continue;
    json::Value& stands = into[info.name];
    if (silent != nullptr && stands == *silent) stands = nullptr;
    const std::string below =
        path.empty() ? std::string(info.name) : path + "." + std::string(info.name);
    add_field({*info.type, info.name, info.rules.list_key, below}, stands, *value);
  }
}

void FieldMerge::add_field(const Field& field, json::Value& into, const json::Value& from) {
  if (is_empty(into)) {
    into = from;
    return says(field.path);
  }
  const schema::TypeInfo& type = field.type;
  if (type.kind == schema::Kind::object && into.as_object() && from.as_object())
    return add_object(type, *into.as_object(), *from.as_object(), field.path);
  if (type.kind == schema::Kind::list && type.element->kind == schema::Kind::object &&
      is_keyed(*type.element, field.list_key) && into.as_array() && from.as_array())
    return add_items(field, *into.as_array(), *from.as_array());
  add_value(field, into, from);
}

void FieldMerge::add_items(const Field& field, json::Array& into, const json::Array& from) {
  const schema::TypeInfo& element = *field.type.element;
  std::map<std::string, size_t, std::less<>> places;
  for (size_t i = 0; i < into.size(); ++i)
    places.try_emplace(key_of(into[i], element, field.list_key), i);
  for (const json::Value& item : from) {
    const std::string key = key_of(item, element, field.list_key);
    const std::string path = field.path + "[" + key + "]";
    const auto [at, fresh] = places.try_emplace(key, into.size());
    if (fresh) {
      into.push_back(item);
      says(path);
    } else if (into[at->second].as_object() != nullptr && item.as_object() != nullptr) {
      add_object(element, *into[at->second].as_object(), *item.as_object(), path);
    }
  }
}

void FieldMerge::add_value(const Field& field, json::Value& into, const json::Value& from) {
  if (is_same(field.type, field.name, into, from)) {
    const auto known = conflicts_.find(field.path);
    if (known != conflicts_.end()) differ(field, into, from);
    return;
  }
  switch (finer_of(field.name, into, from)) {
    case Finer::kept:
      return;
    case Finer::neither:
      return differ(field, into, from);
    case Finer::other:
      into = from;
      return says(field.path);
  }
}

void FieldMerge::says(const std::string& path) {
  said_[path] = static_cast<size_t>(now_ - speakers_.data());
}

// Of the path or of the nearest one above it.
const Speaker* FieldMerge::speaker_of(std::string_view path) const {
  while (true) {
    if (const auto at = said_.find(path); at != said_.end()) return &speakers_[at->second];
    if (path.empty()) return nullptr;
    const size_t cut = path.find_last_of(".[");
    path = path.substr(0, cut == path.npos ? 0 : cut);
  }
}

void FieldMerge::claim(api::Conflict& conflict, const Speaker& who, const std::string& value) {
  // One source may contradict itself: two slices of one cluster, two documents of one controller.
  // Its second value is kept under a name of its own, since claims are told apart by their source.
  std::string source = who.source;
  for (size_t n = 2; conflict.claims.size() < limits::claims; ++n) {
    const auto known = std::ranges::find(conflict.claims, source, &api::Claim::source);
    if (known == conflict.claims.end())
      return conflict.claims.push_back({source, value, who.confidence});
    if (known->value == value) return;
    source = clean_text(who.source, 57) + " (" + std::to_string(n) + ")";  // 63 are the schema's
  }
}

void FieldMerge::differ(const Field& field, const json::Value& kept, const json::Value& other) {
  api::Conflict& conflict = conflicts_[field.path];
  if (conflict.claims.empty()) {
    conflict.field = field.path;
    conflict.kept = short_text(field.name, kept);
    if (const Speaker* first = speaker_of(field.path)) claim(conflict, *first, conflict.kept);
  }
  claim(conflict, *now_, short_text(field.name, other));
}

void FieldMerge::contradict(const std::string& path, const Speaker& first, const std::string& kept,
                            const Speaker& second, const std::string& other) {
  if (!conflicts_.contains(path)) dispute(path, kept, first, kept);
  dispute(path, kept, second, other);
}

void FieldMerge::dispute(const std::string& path, const std::string& kept, const Speaker& who,
                         const std::string& said) {
  api::Conflict& conflict = conflicts_[path];
  if (conflict.claims.empty()) {
    conflict.field = path;
    conflict.kept = kept;
  }
  claim(conflict, who, said);
}

std::vector<api::Provenance> FieldMerge::provenance() const {
  std::vector<api::Provenance> out;
  for (const auto& [path, index] : said_) {
    if (out.size() == limits::provenance) break;
    if (path.size() > 128) continue;
    const Speaker& who = speakers_[index];
    out.push_back({path, who.source, who.confidence, who.at});
  }
  return out;
}

std::vector<api::Conflict> FieldMerge::conflicts() const {
  std::vector<api::Conflict> out;
  for (const auto& [path, conflict] : conflicts_)
    if (out.size() < limits::conflicts && path.size() <= 128) out.push_back(conflict);
  return out;
}

size_t FieldMerge::left_out() const {
  return said_.size() - provenance().size() + conflicts_.size() - conflicts().size();
}

}  // namespace freehold::discover
