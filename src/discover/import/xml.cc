#include "discover/import/xml.h"

#include <algorithm>
#include <pugixml.hpp>

#include "base/strings.h"
#include "discover/import/text.h"
#include "discover/limits.h"

namespace freehold::discover {

namespace {

Error too_large(const ImportOptions& options, std::string_view what) {
  Error error = fault_at(options, 0, what);
  error.reason = Reason::too_large;
  return error;
}

// What the parser will need in memory is known before it runs.
Result<std::string_view> checked(std::string_view text, const ImportOptions& options) {
  text = TRY(check_text(text, options));
  if (text.size() > limits::xml_bytes)
    return too_large(options, "larger than 16 MiB; no machine's file is");
  const auto count = [&](char c) { return std::count(text.begin(), text.end(), c); };
  if (static_cast<size_t>(count('<')) > 2 * limits::xml_elements ||
      static_cast<size_t>(count('=')) > limits::xml_attributes)
    return too_large(options, "more elements or attributes than any machine has");
  return text;
}

class Converter {
 public:
  Converter(std::string_view text, const ImportOptions& options) : text_(text), options_(options) {}

  Result<Element> convert(const pugi::xml_node& node, size_t depth) {
    Element out;
    out.line = line_at(node.offset_debug());
    out.name = node.name();
    if (depth > limits::xml_depth) return fault_in(options_, out, "nested too deeply");
    if (++elements_ > limits::xml_elements) return too_large(options_, "too many elements");
    for (const pugi::xml_attribute& attribute : node.attributes()) {
      if (out.attributes.size() >= limits::xml_attributes_each)
        return fault_in(options_, out, "too many attributes");
      if (out.has(attribute.name()))
        return fault_in(options_, out, std::string("attribute ") + attribute.name() + " twice");
      out.attributes.emplace_back(attribute.name(), attribute.value());
    }
    for (const pugi::xml_node& child : node.children()) {
      if (child.type() == pugi::node_element)
        out.children.push_back(TRY(convert(child, depth + 1)));
      else if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata)
        out.text += child.value();
    }
    return out;
  }

  // Offsets come in ascending order, so that the text is walked once.
  size_t line_at(ptrdiff_t offset) {
    const size_t to = std::min(static_cast<size_t>(std::max<ptrdiff_t>(offset, 0)), text_.size());
    for (; at_ < to; ++at_) line_ += text_[at_] == '\n' ? 1 : 0;
    return line_;
  }

 private:
  std::string_view text_;
  const ImportOptions& options_;
  size_t at_ = 0, line_ = 1, elements_ = 0;
};

}  // namespace

bool Element::has(std::string_view attribute) const {
  return std::any_of(attributes.begin(), attributes.end(),
                     [&](const auto& pair) { return pair.first == attribute; });
}

std::string_view Element::get(std::string_view attribute) const {
  for (const auto& [key, value] : attributes)
    if (key == attribute) return value;
  return {};
}

Result<Element> parse_xml(std::string_view text, const ImportOptions& options) {
  text = TRY(checked(text, options));
  pugi::xml_document document;
  // As a fragment, so that text beside the root element is seen, not passed over.
  const auto parsed = document.load_buffer(
      text.data(), text.size(), pugi::parse_default | pugi::parse_doctype | pugi::parse_fragment,
      pugi::encoding_utf8);
  Converter converter(text, options);
  if (!parsed)
    return fault_at(options, converter.line_at(parsed.offset),
                    std::string("is not well-formed XML: ") + parsed.description());
  pugi::xml_node root;
  for (const pugi::xml_node& node : document.children()) {
    if (node.type() == pugi::node_doctype &&
        std::string_view(node.value()).find('[') != std::string_view::npos)
      return fault_at(options, 0, "has a document type of its own; take the <!DOCTYPE …> out");
    if (node.type() == pugi::node_pcdata || node.type() == pugi::node_cdata)
      return fault_at(options, 0, "has text beside its root element; it must be one document");
    if (node.type() != pugi::node_element) continue;
    if (root) return fault_at(options, 0, "has two root elements; it must be one document");
    root = node;
  }
  if (!root) return fault_at(options, 0, "is not XML: there is no element");
  return converter.convert(root, 1);
}

Error fault_in(const ImportOptions& options, const Element& element, std::string_view what) {
  return fault_at(options, element.line, "<" + element.name + ">: " + std::string(what));
}

Result<int64_t> read_number(const Element& element, std::string_view attribute, const Bounds& range,
                            const ImportOptions& options) {
  const std::string_view text = trim(element.get(attribute));
  if (text.empty()) return range.absent;
  const auto number = parse_int(text);
  if (!number || *number < range.least || *number > range.most)
    return fault_in(options, element,
                    std::string(attribute) + "=\"" + std::string(text.substr(0, 40)) +
                        "\" is not a number from " + std::to_string(range.least) + " to " +
                        std::to_string(range.most));
  return *number;
}

Result<int64_t> need_number(const Element& element, std::string_view attribute, const Bounds& range,
                            const ImportOptions& options) {
  if (trim(element.get(attribute)).empty())
    return fault_in(options, element, std::string(attribute) + " is missing");
  return read_number(element, attribute, range, options);
}

}  // namespace freehold::discover
