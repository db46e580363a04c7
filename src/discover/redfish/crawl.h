// Which documents of a Redfish service describe its hardware: begins at the service root and
// follows the links that a table names, by the type of each document, never by the form of a path.
// Does no reading itself: it says what it wants and is handed the bytes, so that a folder, a live
// controller and a fuzzer share every step of it. Broken documents cost a note, never the rest.
// Source of types and properties: DMTF DSP0266 (protocol) and DSP0268 (data model).
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "json/value.h"

namespace freehold::discover::redfish {

inline constexpr std::string_view root_id = "/redfish/v1";

struct Document {
  std::string type;  // "Chassis", from "#Chassis.v1_28_0.Chassis" or from the link that led here
  json::Value body;
};
// By "@odata.id" without a slash at the end. A member that a collection carries whole stands under
// its own id, or as "<collection>#/Members/3" when it has none.
using Documents = std::map<std::string, Document, std::less<>>;

// "Chassis" of "#Chassis.v1_28_0.Chassis"; empty when the document does not say.
std::string type_of(const json::Value& body);
// Whether documents of this type are followed to; collections and documents of software are not.
bool is_hardware(std::string_view type);
// The path and query as they are asked for, slashes at the end kept: to some services they matter.
// Empty when it leads to another host, or is no path.
std::string local_path(std::string_view id);
// The same without slashes at the end: the name of a document.
std::string local_id(std::string_view id);
// What a property refers to: an object with "@odata.id", or a list of them. In order, at most
// limits::members; what is malformed is left out.
std::vector<const json::Value*> references(const json::Value* property);
// The id under which a member of a collection stands in Documents.
std::string member_id(std::string_view collection, size_t index, const json::Value& member);
// Whether a member of a collection is the resource itself, not a link to it.
bool is_expanded(const json::Value& member);
// The property at "A.B" of a document; null when there is none.
const json::Value* property(const json::Value& body, std::string_view path);

class Crawl {
 public:
  Crawl();

  // Ids to read now; each is asked for once, in the order in which they were found. When it is
  // empty and all that was asked for has been taken, the crawl is over.
  std::vector<std::string> next();
  // The bytes of the document, or why there are none.
  void take(const std::string& id, Result<std::string> answer);

  const Documents& documents() const { return documents_; }
  const std::vector<std::string>& notes() const { return notes_; }
  // Nothing more is wanted; what was and was not taken is left out with a note that says why.
  void stop(const std::string& why);
  // Ok once the root was read and something that it leads to. `not_found`, or as the answer for the
  // root said, or the first of them.
  Result<void> outcome() const;

 private:
  void want(const json::Value& link, std::string_view from, std::string_view type);
  void add(const std::string& id, json::Value body, const std::string& expected);
  void follow(const std::string& id, const Document& document, const std::string& expected);
  void follow_members(const std::string& id, const Document& document);
  void note(std::string text);

  Documents documents_;
  std::map<std::string, std::string, std::less<>> expected_;  // type by id, of all ever wanted
  std::vector<std::string> wanted_;
  std::vector<std::string> notes_;
  std::map<std::string, size_t, std::less<>> pages_;  // of a collection before this one, by id
  std::set<std::string, std::less<>> branches_;       // that the root leads to, not taken yet
  Result<void> root_, first_branch_;
  bool has_branch_ = false, is_stopped_ = false;
  size_t bytes_ = 0;
};

// For sources that answer at once.
template <class Get>  // Result<std::string>(const std::string& id)
Crawl crawl(const Get& get) {
  Crawl crawl;
  for (auto ids = crawl.next(); !ids.empty(); ids = crawl.next())
    for (const std::string& id : ids) crawl.take(id, get(id));
  return crawl;
}

}  // namespace freehold::discover::redfish
