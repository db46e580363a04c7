#include "discover/redfish/view.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "discover/parse.h"
#include "discover/redfish/limits.h"

namespace freehold::discover::redfish {

namespace {

// Beyond every watt, ampere and byte of one machine; keeps sums and conversions in range.
constexpr double largest = 1e15;

std::optional<double> number_of(const json::Value& value) {
  if (!value.is_number()) return std::nullopt;
  const double n = value.number();
  if (!(n >= 0) || n > largest) return std::nullopt;
  return n;
}

}  // namespace

std::string text(const json::Value& body, std::string_view path) {
  const json::Value* value = property(body, path);
  if (value == nullptr || value->as_string() == nullptr) return {};
  return clean_text(*value->as_string(), limits::text_characters);
}

std::optional<double> number(const json::Value& body, std::string_view path) {
  const json::Value* value = property(body, path);
  if (value == nullptr) return std::nullopt;
  if (const json::Object* excerpt = value->as_object()) value = excerpt->find("Reading");
  return value == nullptr ? std::nullopt : number_of(*value);
}

int64_t whole(const json::Value& body, std::string_view path, int64_t most) {
  const auto n = number(body, path);
  if (!n || *n != std::floor(*n) || *n > static_cast<double>(most)) return 0;
  return static_cast<int64_t>(*n);
}

std::optional<bool> flag(const json::Value& body, std::string_view path) {
  const json::Value* value = property(body, path);
  if (value == nullptr || value->as_bool() == nullptr) return std::nullopt;
  return *value->as_bool();
}

int64_t byte_count(const json::Value& body, std::string_view path, double unit) {
  const auto n = number(body, path);
  if (!n || *n * unit > largest * 1000) return 0;
  return static_cast<int64_t>(*n * unit);
}

std::vector<std::string> texts(const json::Value& body, std::string_view path) {
  std::vector<std::string> out;
  const json::Value* value = property(body, path);
  if (value == nullptr || value->as_array() == nullptr) return out;
  for (const json::Value& one : *value->as_array())
    if (one.as_string() != nullptr && out.size() < limits::members)
      out.push_back(clean_text(*one.as_string(), limits::text_characters));
  return out;
}

std::vector<std::string> ids(const json::Value& body, std::string_view path) {
  std::vector<std::string> out;
  for (const json::Value* link : references(property(body, path)))
    if (std::string id = local_id(link->string_at({"@odata.id"})); !id.empty())
      out.push_back(std::move(id));
  return out;
}

Place place_of(const json::Value& body) {
  Place place;
  place.rack = text(body, "Location.Placement.Rack");
  place.row = text(body, "Location.Placement.Row");
  place.room = text(body, "Location.PostalAddress.Room");
  // OpenU counts other units.
  if (const std::string units = text(body, "Location.Placement.RackOffsetUnits");
      units.empty() || units == "EIA_310")
    place.unit = whole(body, "Location.Placement.RackOffset", 100);
  return place;
}

const json::Value* View::find(std::string_view id, std::string_view type) const {
  const auto at = documents_.find(id);
  return at == documents_.end() || at->second.type != type ? nullptr : &at->second.body;
}

void View::add_members(const std::string& collection, std::string_view type,
                       std::vector<Found>& out) const {
  std::set<std::string, std::less<>> pages;
  for (std::string page = collection; pages.insert(page).second;) {
    const json::Value* body = find(page, std::string(type) + "Collection");
    const json::Value* list = body == nullptr ? nullptr : property(*body, "Members");
    if (list == nullptr || list->as_array() == nullptr) return;
    const json::Array& members = *list->as_array();
    for (size_t i = 0; i < std::min(members.size(), limits::members); ++i) {
      if (steps_ == 0) return;
      --steps_;
      std::string id = member_id(page, i, members[i]);
      if (const json::Value* member = find(id, type)) out.push_back({std::move(id), member});
    }
    const json::Value* more = body->at({"Members@odata.nextLink"});
    if (more == nullptr || more->as_string() == nullptr) return;
    page = local_id(*more->as_string());
  }
}

std::vector<Found> View::all(const json::Value& body, std::string_view path,
                             std::string_view type) const {
  std::vector<Found> out;
  for (std::string& id : ids(body, path)) {
    if (const json::Value* found = find(id, type)) {
      out.push_back({std::move(id), found});
    } else {
      add_members(id, type, out);
    }
  }
  // What is named twice counts once, at its first place.
  std::set<std::string, std::less<>> seen;
  std::erase_if(out, [&](const Found& found) { return !seen.insert(found.id).second; });
  return out;
}

std::optional<Found> View::one(const json::Value& body, std::string_view path,
                               std::string_view type) const {
  auto found = all(body, path, type);
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

std::vector<Found> View::of_type(std::string_view type) const {
  std::vector<Found> out;
  for (const auto& [id, document] : documents_)
    if (document.type == type) out.push_back({id, &document.body});
  return out;
}

}  // namespace freehold::discover::redfish
