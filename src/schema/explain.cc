// Text for people from the tables: kubectl's `explain` and the Markdown reference.
#include "base/strings.h"
#include "schema/describe.h"
#include "schema/openapi.h"
#include "schema/walk.h"

namespace freehold::schema {
namespace {

// Breaks text at blanks so that lines, with their indent, stay within 80 columns.
void append_wrapped(std::string_view text, size_t indent, std::string& out) {
  constexpr size_t columns = 80;
  size_t column = 0;
  for (const std::string_view word : split(text, ' ')) {
    if (word.empty()) continue;
    if (column == 0 || column + 1 + word.size() > columns) {
      if (column > 0) out += '\n';
      out.append(indent, ' ');
      column = indent;
    } else {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
  }
  if (column > 0) out += '\n';
}

void append_field(const TypeInfo& owner, const FieldInfo& field, std::string& out) {
  out.append("  ")
      .append(field.name)
      .append("\t<")
      .append(type_label(*field.type, field.rules))
      .append(">");
  if (field.rules.required) out += " -required-";
  out += '\n';
  append_wrapped(full_doc(field), 4, out);
  std::vector<std::string> words = rule_words(owner, field);
  std::erase(words, "required");
  if (!words.empty()) append_wrapped('(' + join(words, "; ") + ')', 4, out);
  out += '\n';
}

const TypeInfo* owner_of(const TypeInfo& root, const FieldInfo& field) {
  const TypeInfo* roots[] = {&root};
  for (const TypeInfo* type : reachable(roots))
    for (const FieldInfo& f : type->fields)
      if (&f == &field) return type;
  return nullptr;
}

std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

std::string anchor(const TypeInfo& type) { return to_lower(type.name); }

std::string linked_label(const FieldInfo& field) {
  const TypeInfo& type = innermost(*field.type);
  std::string label = type_label(*field.type, field.rules);
  if (type.kind != Kind::object && type.kind != Kind::enumeration) return label;
  label.resize(label.size() - type.name.size());
  if (!label.empty()) label = '`' + label + '`';
  return label + '[' + std::string(type.name) + "](#" + anchor(type) + ')';
}

void append_type(const TypeInfo& type, std::string& out) {
  if (type.kind == Kind::enumeration) {
    out += "| value | meaning |\n|---|---|\n";
    for (const EnumInfo& info : type.values)
      out += "| `" + std::string(info.name) + "` | " + cell(info.doc) + " |\n";
    return;
  }
  out += "| field | type | description |\n|---|---|---|\n";
  for (const FieldInfo& f : type.fields) {
    out += "| `" + std::string(f.name) + "` | " + linked_label(f) + " | " + cell(full_doc(f));
    const std::vector<std::string> words = rule_words(type, f);
    if (!words.empty()) out += " *" + cell(join(words, "; ")) + ".*";
    out += " |\n";
  }
}

}  // namespace

std::string explain(const TypeInfo& root, std::string_view path) {
  const FieldInfo* field = nullptr;
  if (!path.empty() && (field = field_at(root, path)) == nullptr) return {};
  const TypeInfo& type = field != nullptr ? innermost(*field->type) : root;

  std::string out = "KIND:       ";
  out.append(root.name).append("\n\n");
  if (field != nullptr) {
    out.append("FIELD: ").append(field->name).append(" <");
    out.append(type_label(*field->type, field->rules)).append(">");
    out += field->rules.required ? " -required-\n\n" : "\n\n";
    if (type.kind == Kind::enumeration) {
      out += "ENUM:\n";
      for (const EnumInfo& info : type.values) {
        out.append("    ").append(info.name.empty() ? "\"\"" : info.name).append("\n");
        append_wrapped(info.doc, 8, out);
      }
      out += '\n';
    }
  }
  out += "DESCRIPTION:\n";
  if (field != nullptr) {
    append_wrapped(full_doc(*field), 4, out);
    const TypeInfo* owner = owner_of(root, *field);
    const std::vector<std::string> words =
        owner != nullptr ? rule_words(*owner, *field) : std::vector<std::string>{};
    if (!words.empty()) append_wrapped('(' + join(words, "; ") + ')', 4, out);
  }
  append_wrapped(type.doc, 4, out);
  out += '\n';
  if (type.fields.empty()) return out;
  out += "FIELDS:\n";
  for (const FieldInfo& f : type.fields) append_field(type, f, out);
  return out;
}

std::string reference(const TypeInfo& root) {
  std::string out = "# " + std::string(root.name) + "\n\n" + std::string(root.doc) + "\n";
  const TypeInfo* roots[] = {&root};
  for (const TypeInfo* type : reachable(roots)) {
    if (type != &root)
      out += "\n## " + std::string(type->name) + "\n\n" + std::string(type->doc) + "\n";
    out += '\n';
    append_type(*type, out);
  }
  return out;
}

}  // namespace freehold::schema
