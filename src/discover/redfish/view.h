// Reading documents of a service: values of properties with what may be wrong with them, and the
// documents that a property refers to. Internal to this folder.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "discover/redfish/crawl.h"
#include "discover/redfish/limits.h"
#include "discover/redfish/survey.h"

namespace freehold::discover::redfish {

// Printable, and of bounded length; empty for what is no string.
std::string text(const json::Value& body, std::string_view path);
// A number, or the "Reading" of an excerpt of a sensor; nothing for what is neither, or negative.
std::optional<double> number(const json::Value& body, std::string_view path);
// A whole number from 0 to `most`; else 0.
int64_t whole(const json::Value& body, std::string_view path, int64_t most);
// Nothing for what is neither true nor false.
std::optional<bool> flag(const json::Value& body, std::string_view path);
// A number of `unit` bytes each; 0 when unknown.
int64_t byte_count(const json::Value& body, std::string_view path, double unit);
std::vector<std::string> texts(const json::Value& body, std::string_view path);
// Ids that a property refers to in this service.
std::vector<std::string> ids(const json::Value& body, std::string_view path);
Place place_of(const json::Value& body);

struct Found {
  std::string id;
  const json::Value* body = nullptr;
};

class View {
 public:
  explicit View(const Documents& documents) : documents_(documents) {}

  // Null when it was not read, or is of another type.
  const json::Value* find(std::string_view id, std::string_view type) const;
  // The documents of `type` that a property refers to: itself, or as members of a collection.
  std::vector<Found> all(const json::Value& body, std::string_view path,
                         std::string_view type) const;
  std::optional<Found> one(const json::Value& body, std::string_view path,
                           std::string_view type) const;
  // Ascending by id.
  std::vector<Found> of_type(std::string_view type) const;
  // Whether members were left out because documents refer to one another too often.
  bool is_cut() const { return steps_ == 0; }

 private:
  void add_members(const std::string& collection, std::string_view type,
                   std::vector<Found>& out) const;

  const Documents& documents_;
  // Members that may still be looked at: documents that refer to one another's collections could
  // multiply them.
  mutable size_t steps_ = limits::steps;
};

// What all resources have in common.
template <class T>
T part(const Found& found, std::string_view owner) {
  T out;
  const json::Value& body = *found.body;
  out.id = found.id;
  out.owner = owner;
  out.name = text(body, "Name");
  out.manufacturer = text(body, "Manufacturer");
  out.model = text(body, "Model");
  out.serial = text(body, "SerialNumber");
  out.label = text(body, "Location.PartLocation.ServiceLabel");
  out.state = text(body, "Status.State");
  out.health = text(body, "Status.Health");
  return out;
}

}  // namespace freehold::discover::redfish
