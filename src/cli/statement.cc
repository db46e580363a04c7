#include "cli/statement.h"

#include "api/window_facts.h"
#include "cli/offer_text.h"

namespace freehold::cli {

namespace {

std::string or_dash(const Quantity& quantity) { return quantity.is_set() ? quantity.text() : "-"; }

void line(std::string& out, std::string_view name, const std::string& value) {
  out += padded(name, 12) + printable(value) + "\n";
}

// Three digits: more of a measurement say nothing. Documents have all of them.
std::string measured(const Quantity& value) {
  return value.is_set() ? humanize(value.value(), value.dimension(), value.currency()) : "-";
}

}  // namespace

std::string guarantees_table(const std::vector<api::Guarantee>& promised,
                             const std::vector<api::GuaranteeStatus>& all, const Terminal& t) {
  Table table({"GUARANTEE", "PROMISED", "MEDIAN", "WORST", "KEPT", "WINDOWS", "BASIS"});
  for (size_t i = 0; i < all.size(); ++i) {
    const api::GuaranteeStatus& g = all[i];
    const api::Verdicts& v = g.windows;
    const bool judged = v.fulfilled + v.violated > 0;
    table.add({i < promised.size() ? api::promise_name(promised[i]) : g.metric, or_dash(g.promised),
               measured(g.median), measured(g.worst), judged ? percent(g.delivered_share) : "-",
               std::to_string(v.fulfilled) + " kept, " + std::to_string(v.violated) +
                   " violated, " + std::to_string(v.not_determined) + " not determined",
               api::enum_text(g.basis)});
  }
  return table.text(t);
}

std::string statement_text(const api::Contract& c, const Terminal& t) {
  std::string out;
  const std::string phase = api::enum_text(c.status.phase);
  out += paint("contract/" + c.metadata.name, Colour::bold, t) + "  " +
         paint(phase, colour_of(phase), t) + "\n";
  if (!c.status.statement) {
    out += "Not settled yet; so far:\n";
    if (!c.status.guarantees.empty())
      out += guarantees_table(c.spec.guarantees, c.status.guarantees, t);
    return out;
  }
  const api::Statement& s = *c.status.statement;
  out += "from " + format_rfc3339(s.from) + " until " + format_rfc3339(s.until) + " (" +
         format_age(s.until - s.from) + ")\n\n";
  if (!s.guarantees.empty()) out += guarantees_table(c.spec.guarantees, s.guarantees, t) + "\n";
  line(out, "price", or_dash(s.price));
  line(out, "credits", or_dash(s.credits));
  line(out, "energy cost", or_dash(s.energy_cost));
  line(out, "due", or_dash(s.due));
  line(
      out, "energy",
      s.energy.is_set() ? s.energy.text() + " (" + s.energy_basis + ")" : std::string("not known"));
  line(out, "CPU time", or_dash(s.cpu_time));
  if (!s.text.empty()) out += "\n" + printable(s.text) + "\n";
  return out;
}

}  // namespace freehold::cli
