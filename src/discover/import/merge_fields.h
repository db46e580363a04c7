// Lays what one source says of a thing beside what others have said, field by field along the
// schema's tables. The first to speak stands, so the firmest source comes first; who said what is
// kept, and so is every difference. A value that equals its default says nothing. Pure. Internal to
// this module.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "api/node.h"
#include "json/value.h"
#include "schema/walk.h"

namespace freehold::discover {

struct Speaker {
  std::string source;  // unique among the speakers of one merge
  api::Confidence confidence = api::Confidence::unknown;
  Time at;
};

class FieldMerge {
 public:
  // `into` and `from` are documents of `type`. `path` begins the paths of provenance and conflicts.
  void add(const schema::TypeInfo& type, json::Value& into, const json::Value& from,
           const Speaker& speaker, const std::string& path = {});

  // Two values that are no fields of a document, such as a sum and what it should be.
  void contradict(const std::string& path, const Speaker& first, const std::string& kept,
                  const Speaker& second, const std::string& other);
  // The same where what stands is nobody's word, such as what all say together.
  void dispute(const std::string& path, const std::string& kept, const Speaker& who,
               const std::string& said);

  // At most as many as a Node may carry; `left_out` counts the rest.
  std::vector<api::Provenance> provenance() const;
  std::vector<api::Conflict> conflicts() const;
  size_t left_out() const;

 private:
  struct Field {
    const schema::TypeInfo& type;
    std::string_view name, list_key;
    std::string path;
  };
  void add_object(const schema::TypeInfo& type, json::Object& into, const json::Object& from,
                  const std::string& path);
  void add_field(const Field& field, json::Value& into, const json::Value& from);
  void add_items(const Field& field, json::Array& into, const json::Array& from);
  void add_value(const Field& field, json::Value& into, const json::Value& from);
  void says(const std::string& path);
  const Speaker* speaker_of(std::string_view path) const;
  void differ(const Field& field, const json::Value& kept, const json::Value& other);
  void claim(api::Conflict& conflict, const Speaker& who, const std::string& value);

  const Speaker* now_ = nullptr;
  std::vector<Speaker> speakers_;
  std::map<std::string, size_t, std::less<>> said_;  // path → index of the speaker
  std::map<std::string, api::Conflict, std::less<>> conflicts_;
};

}  // namespace freehold::discover
