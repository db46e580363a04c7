#include "discover/redfish/contradictions.h"

#include <set>

#include "discover/parse.h"

namespace freehold::discover::redfish {

namespace {

// A unit stands in the name of its property (DSP0266); none of these may be negative. The most is
// beyond one machine or one power distribution.
struct Unit {
  std::string_view ending;
  double most;
};
constexpr Unit units[] = {{"Watts", 1e15},         {"VA", 1e15},       {"Amps", 1e15},
                          {"SizeGiB", 1e9},        {"MemoryGiB", 1e6}, {"MiB", 1e12},
                          {"CapacityBytes", 1e18}, {"SpeedMHz", 1e9},  {"SpeedGbps", 1e6}};

// Beyond these, one note says how many more there are.
constexpr size_t told_each = 64;

const Unit* unit_of(std::string_view name) {
  for (const Unit& unit : units)
    if (name.ends_with(unit.ending)) return &unit;
  return nullptr;
}

class Teller {
 public:
  explicit Teller(std::vector<std::string>& notes) : notes_(notes) {}

  // Objects may stand in objects as deep as a document may.
  void look(const std::string& path, const json::Value& value) {
    if (const json::Array* list = value.as_array()) {
      for (size_t i = 0; i < list->size(); ++i)
        if ((*list)[i].as_object() != nullptr)
          look(path + "[" + std::to_string(i) + "]", (*list)[i]);
      return;
    }
    const json::Object* object = value.as_object();
    if (object == nullptr) return;
    for (const auto& [name, inner] : *object) {
      if (name == "Oem" || name.starts_with('@') || name == "Actions") continue;
      const std::string below = path + (path.ends_with(": ") ? "" : ".") + name;
      if (const Unit* unit = unit_of(name)) judge(below, *unit, inner);
      if (inner.as_object() != nullptr || inner.as_array() != nullptr) look(below, inner);
    }
  }

  // Its members may stand on several pages, of which each says the count of all.
  void count(const Documents& documents, const std::string& id) {
    const json::Value& first = documents.at(id).body;
    const json::Value* said = first.at({"Members@odata.count"});
    if (said == nullptr || !said->is_number()) return;
    double given = 0;
    std::set<std::string> pages;
    for (std::string page = id; pages.insert(page).second;) {
      const auto at = documents.find(page);
      const json::Value* members =
          at == documents.end() ? nullptr : at->second.body.at({"Members"});
      if (members == nullptr || members->as_array() == nullptr) break;
      given += static_cast<double>(members->as_array()->size());
      page = next_of(at->second.body);
      if (page.empty()) break;
    }
    if (said->number() > given)
      tell(id + ": says that it has " + json::print(*said) + " members, and names " +
           std::to_string(static_cast<size_t>(given)) + "; the others are not known");
  }

  static std::string next_of(const json::Value& body) {
    return local_id(body.string_at({"Members@odata.nextLink"}));
  }

  void finish() {
    if (told_ > told_each)
      notes_.push_back(std::to_string(told_ - told_each) + " more values cannot be right");
  }

 private:
  // The quantity itself, or an excerpt of a sensor, or a control with its settings.
  void judge(const std::string& path, const Unit& unit, const json::Value& value) {
    if (value.is_null()) return;
    if (value.is_number()) {
      const double n = value.number();
      if (n >= 0 && n <= unit.most) return;
      return tell(path + " is " + json::print(value) + ", which cannot be: unknown");
    }
    if (const std::string* text = value.as_string())
      return tell(path + " is the text \"" + clean_text(*text, 64) + "\", not a number: unknown");
    if (value.as_object() == nullptr) return;
    for (const std::string_view name :
         {"Reading", "SetPoint", "AllowableMin", "AllowableMax", "DefaultSetPoint"})
      if (const json::Value* inner = value.at({name}))
        if (inner->as_object() == nullptr) judge(path + "." + std::string(name), unit, *inner);
  }

  void tell(std::string note) {
    if (++told_ <= told_each) notes_.push_back(clean_text(note, 512));
  }

  std::vector<std::string>& notes_;
  size_t told_ = 0;
};

}  // namespace

void tell_contradictions(const Documents& documents, std::vector<std::string>& notes) {
  std::set<std::string> later;  // pages of a collection that are not its first
  for (const auto& [id, document] : documents)
    if (std::string next = Teller::next_of(document.body); !next.empty())
      later.insert(std::move(next));
  Teller teller(notes);
  for (const auto& [id, document] : documents) {
    if (document.type.ends_with("Collection")) {
      if (!later.contains(id)) teller.count(documents, id);
    } else {
      teller.look(id + ": ", document.body);
    }
  }
  teller.finish();
}

}  // namespace freehold::discover::redfish
