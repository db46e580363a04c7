#include "base/limits.h"
#include "schema/scalar.h"
#include "schema/walk.h"

namespace freehold::schema {
namespace {

void append_path(const Path& path, std::string& out) {
  if (path.parent != nullptr) append_path(*path.parent, out);
  if (path.index >= 0) {
    out += '[' + std::to_string(path.index) + ']';
  } else if (path.index == Path::map_key) {
    out += '[';
    out += shortened(path.name);
    out += ']';
  } else if (!path.name.empty()) {
    if (!out.empty()) out += '.';
    out += shortened(path.name);
  }
}

std::string_view cause_type(Fault fault) {
  switch (fault) {
    case Fault::required:
      return "FieldValueRequired";
    case Fault::duplicate:
      return "FieldValueDuplicate";
    case Fault::immutable:
      return "FieldValueForbidden";
    case Fault::type:
      return "FieldValueTypeInvalid";
    case Fault::not_supported:
      return "FieldValueNotSupported";
    case Fault::invalid:
    case Fault::unknown:
      return "FieldValueInvalid";
  }
  return "FieldValueInvalid";
}

}  // namespace

std::string Path::to_string() const {
  std::string out;
  append_path(*this, out);
  return out;
}

void Errors::add(Fault fault, const Path& at, std::string detail) {
  if (all_.size() >= limits::field_errors) return;  // before the path is rendered
  add(fault, at.to_string(), std::move(detail));
}

void Errors::add(Fault fault, std::string path, std::string detail) {
  if (all_.size() >= limits::field_errors) return;
  // What could not be read is at fault already, and is absent only for that.
  if (fault == Fault::required)
    for (const FieldError& one : all_)
      if (one.path == path) return;
  all_.push_back({fault, std::move(path), std::move(detail)});
}

Error Errors::to_error(std::string_view kind, std::string_view name) const {
  Error error{Reason::invalid, std::string(kind), {}};
  if (!name.empty()) error.message.append(" \"").append(name).append("\"");
  error.message += " is invalid: ";
  if (all_.size() > 1) error.message += '[';
  for (const FieldError& one : all_) {
    if (&one != &all_.front()) error.message += ", ";
    if (!one.path.empty()) error.message.append(one.path).append(": ");
    error.message += one.detail;
    error.causes.push_back({std::string(cause_type(one.fault)), one.path, one.detail});
  }
  if (all_.size() > 1) error.message += ']';
  return error;
}

std::vector<std::string> ReadOutcome::messages() const {
  std::vector<std::string> out;
  for (size_t i = 0; i < unknown.size(); ++i) {
    out.push_back("unknown field \"" + unknown[i] + '"');
    if (i < nearest.size() && !nearest[i].empty())
      out.back() += ", did you mean \"" + nearest[i] + "\"?";
  }
  for (const std::string& path : duplicate) out.push_back("duplicate field \"" + path + '"');
  return out;
}

}  // namespace freehold::schema
