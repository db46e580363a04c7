#include "server/selector.h"

#include <algorithm>

#include "base/strings.h"

namespace freehold::server {

namespace {

constexpr size_t most_terms = 64;

Error bad(std::string_view text, std::string_view why) {
  return {Reason::bad_request,
          "unable to parse selector \"" + std::string(text) + "\": " + std::string(why)};
}

// Commas inside parentheses do not part terms.
std::vector<std::string_view> terms_of(std::string_view text) {
  std::vector<std::string_view> terms;
  size_t from = 0;
  int depth = 0;
  for (size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && text[i] == '(') ++depth;
    if (i < text.size() && text[i] == ')') --depth;
    if (i == text.size() || (text[i] == ',' && depth <= 0)) {
      terms.push_back(trim(text.substr(from, i - from)));
      from = i + 1;
    }
  }
  return terms;
}

Result<std::vector<std::string>> values_in(std::string_view text, std::string_view list) {
  list = trim(list);
  if (list.size() < 2 || list.front() != '(' || list.back() != ')')
    return bad(text, "expected a list in parentheses");
  std::vector<std::string> values;
  for (std::string_view v : split(list.substr(1, list.size() - 2), ',')) {
    v = trim(v);
    if (!is_label_value(v) && !v.empty())
      return bad(text, "\"" + std::string(v) + "\" is no label value");
    values.emplace_back(v);
  }
  return values;
}

}  // namespace

Result<LabelSelector> LabelSelector::parse(std::string_view text) {
  LabelSelector selector;
  if (trim(text).empty()) return selector;
  for (std::string_view raw : terms_of(text)) {
    if (selector.terms_.size() == most_terms) return bad(text, "too many terms");
    Term term;
    std::string_view rest = raw;
    const bool negated = !rest.empty() && rest.front() == '!';
    if (negated) rest = trim(rest.substr(1));
    size_t n = 0;
    while (n < rest.size() && rest[n] != ' ' && rest[n] != '=' && rest[n] != '!' &&
           rest[n] != '<' && rest[n] != '>' && rest[n] != '(' && rest[n] != '\t')
      ++n;
    term.key = rest.substr(0, n);
    if (!is_label_key(term.key)) return bad(text, "\"" + std::string(raw) + "\" has no valid key");
    rest = trim(rest.substr(n));
    if (rest.empty()) {
      term.op = negated ? Op::absent : Op::exists;
    } else if (negated) {
      return bad(text, "'!' stands before a key alone");
    } else if (rest.starts_with("notin") || rest.starts_with("in")) {
      term.op = rest.front() == 'n' ? Op::not_in : Op::in;
      term.values = TRY(values_in(text, rest.substr(rest.front() == 'n' ? 5 : 2)));
    } else {
      const size_t length = rest.starts_with("==") || rest.starts_with("!=") ? 2 : 1;
      if (rest.starts_with("!="))
        term.op = Op::not_in;
      else if (rest.front() == '=')
        term.op = Op::in;
      else if (rest.front() == '>')
        term.op = Op::greater;
      else if (rest.front() == '<')
        term.op = Op::less;
      else
        return bad(text, "\"" + std::string(rest) + "\" is no operator");
      term.values.emplace_back(trim(rest.substr(length)));
      const std::string& value = term.values.front();
      const bool number = term.op == Op::greater || term.op == Op::less;
      if (number ? !parse_int(value).has_value() : !(value.empty() || is_label_value(value)))
        return bad(text, "\"" + value + "\" is no valid value");
    }
    selector.terms_.push_back(std::move(term));
  }
  return selector;
}

bool LabelSelector::matches(const schema::StringMap& labels) const {
  return std::all_of(terms_.begin(), terms_.end(), [&](const Term& t) {
    const auto it = labels.find(t.key);
    const bool there = it != labels.end();
    const auto listed = [&] {
      return std::find(t.values.begin(), t.values.end(), it->second) != t.values.end();
    };
    switch (t.op) {
      case Op::exists:
        return there;
      case Op::absent:
        return !there;
      case Op::in:
        return there && listed();
      case Op::not_in:
        return !there || !listed();
      case Op::greater:
      case Op::less: {
        const auto have = there ? parse_int(it->second) : std::nullopt;
        const auto bound = parse_int(t.values.front());
        if (!have || !bound) return false;
        return t.op == Op::greater ? *have > *bound : *have < *bound;
      }
    }
    return false;
  });
}

Result<FieldSelector> FieldSelector::parse(const api::Kind& kind, std::string_view text) {
  FieldSelector selector;
  if (trim(text).empty()) return selector;
  for (std::string_view raw : split(text, ',')) {
    if (selector.terms_.size() == most_terms) return bad(text, "too many terms");
    const size_t eq = raw.find('=');
    if (eq == std::string_view::npos || eq == 0)
      return bad(text, "use field=value or field!=value");
    Term term;
    term.equal = raw[eq - 1] != '!';
    term.field = trim(raw.substr(0, term.equal ? eq : eq - 1));
    std::string_view value = raw.substr(eq + 1);
    if (value.starts_with('=')) value.remove_prefix(1);
    term.value = trim(value);
    const auto& known = kind.selectable;
    if (term.field != "metadata.name" && term.field != "metadata.namespace" &&
        std::find(known.begin(), known.end(), term.field) == known.end())
      return Error{Reason::bad_request, "field label not supported: " + term.field};
    selector.terms_.push_back(std::move(term));
  }
  return selector;
}

bool FieldSelector::matches(const api::Object& object) const {
  return std::all_of(terms_.begin(), terms_.end(), [&](const Term& t) {
    const bool same = schema::text_at(*object.kind().type, object.data(), t.field) == t.value;
    return same == t.equal;
  });
}

std::string_view FieldSelector::required(std::string_view field) const {
  for (const Term& t : terms_)
    if (t.equal && t.field == field) return t.value;
  return {};
}

}  // namespace freehold::server
