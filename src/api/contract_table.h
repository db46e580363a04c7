// The schema tables of contract.h.
#pragma once

#include "api/contract.h"
#include "api/meta_table.h"
#include "api/node_table.h"
#include "schema/table.h"

namespace freehold::api {
void check_contract_spec(const ContractSpec& spec, const schema::Path& at, schema::Errors& errors);
void check_role(const ContractRole& role, const schema::Path& at, schema::Errors& errors);
void check_guarantee(const Guarantee& guarantee, const schema::Path& at, schema::Errors& errors);
}  // namespace freehold::api

namespace freehold::schema {

template <>
inline constexpr auto table<api::Term> = object<api::Term>(
    "Term", "When a contract runs.",
    field<&api::Term::start>("start", "`now`, or a time.", {.max_size = 40, .format = &api::start}),
    field<&api::Term::duration>("duration", "How long; absent: until it is deleted."),
    field<&api::Term::earliest>(
        "earliest", "Not before.",
        {.later = "starting in a range needs advance reservations; use `start`"}),
    field<&api::Term::latest>(
        "latest", "Not after.",
        {.later = "starting in a range needs advance reservations; use `start`"}),
    field<&api::Term::deadline>("deadline", "Done by then.",
                                {.later = "deadlines need completion models"}));
template <>
inline constexpr auto table<api::AcceptMode> = enumeration<api::AcceptMode>(
    "AcceptMode", "Who accepts an offer.",
    value(api::AcceptMode::automatic, "automatic", "The platform, when the price allows."),
    value(api::AcceptMode::manual, "manual", "A person, with `freehold accept`."));
template <>
inline constexpr auto table<api::Accept> = object<api::Accept>(
    "Accept", "How an offer is accepted.",
    field<&api::Accept::mode>("mode", "automatic or manual."),
    field<&api::Accept::max_price>("maxPrice", "Most that automatic acceptance may cost per hour.",
                                   {.min = 0, .dimension = Dimension::money_per_hour}),
    field<&api::Accept::offer>("offer", "The offer that is accepted, in manual mode.",
                               {.max_size = 253, .format = &api::dns_subdomain}));
template <>
inline constexpr auto table<api::DeviceWhere> = object<api::DeviceWhere>(
    "DeviceWhere", "What a device must be.",
    field<&api::DeviceWhere::memory>("memory", "Condition on its memory.",
                                     {.max_size = 32, .format = &api::condition}),
    field<&api::DeviceWhere::model>("model", "Any of these models.",
                                    {.max_size = 32, .set = true}));
template <>
inline constexpr auto table<api::DeviceRequest> = object<api::DeviceRequest>(
    "DeviceRequest", "Devices that each member needs.",
    field<&api::DeviceRequest::name>("name", "Name within the member; `align` refers to it.",
                                     {.required = true, .max_size = 63, .format = &api::dns_label}),
    field<&api::DeviceRequest::cls>("class", "What the devices are for."),
    field<&api::DeviceRequest::count>("count", "How many.", {.min = 1, .max = 64}),
    field<&api::DeviceRequest::where>("where", "What they must be."));
template <>
inline constexpr auto table<api::MemberRequest> = object<api::MemberRequest>(
    "MemberRequest", "What each member of a role needs.",
    field<&api::MemberRequest::cpu>("cpu", "Logical CPUs, exclusive; a fraction rounds up.",
                                    {.min = 1, .max = 4'096'000, .dimension = Dimension::number}),
    field<&api::MemberRequest::memory>("memory", "Memory, the limit and the promise.",
                                       {.min = 1 << 20, .dimension = Dimension::bytes}),
    field<&api::MemberRequest::processes>("processes", "Most processes and threads; 0: 1,024.",
                                          {.min = 0, .max = 4'194'304}),
    field<&api::MemberRequest::devices>("devices", "Devices.",
                                        {.max_size = 16, .list_key = "name"}),
    field<&api::MemberRequest::power>("power", "What it may draw.",
                                      {.min = 0, .dimension = Dimension::power}));
template <>
inline constexpr auto table<api::Mode> =
    enumeration<api::Mode>("Mode", "How firm a wish is.",
                           value(api::Mode::required, "required", "Refused rather than missed."),
                           value(api::Mode::preferred, "preferred", "Taken where possible."));
template <>
inline constexpr auto table<api::Align> = object<api::Align>(
    "Align", "Parts of one member that must be close to one another.",
    field<&api::Align::devices>("devices", "Names of device requests; `cpu` and `memory` too.",
                                {.required = true, .max_size = 16, .set = true}),
    field<&api::Align::within>("within", "numa-node, package or pcie-root.",
                               {.required = true, .max_size = 32}),
    field<&api::Align::pairwise>(
        "pairwise", "One of each for every one of the first.",
        {.later = "pairwise alignment needs the path classes of the fleet graph"}));
template <>
inline constexpr auto table<api::Together> =
    object<api::Together>("Together", "Members that must be close to one another.",
                          field<&api::Together::within>("within", "node, rack or site.",
                                                        {.required = true, .max_size = 32}),
                          field<&api::Together::mode>("mode", "required or preferred."));
template <>
inline constexpr auto table<api::Apart> = object<api::Apart>(
    "Apart", "Members that must not share something.",
    field<&api::Apart::across>("across", "node, rack or site.", {.required = true, .max_size = 32}),
    field<&api::Apart::mode>("mode", "required or preferred."));
template <>
inline constexpr auto table<api::ContractRole> = checked_object<api::ContractRole, api::check_role>(
    "ContractRole", "Members that are alike. All roles are one gang: all members or none.",
    field<&api::ContractRole::name>("name", "Unique within the contract.",
                                    {.required = true, .max_size = 63, .format = &api::dns_label}),
    field<&api::ContractRole::count>("count", "How many members.", {.min = 1, .max = 5'000}),
    field<&api::ContractRole::each>("each", "What each member needs."),
    field<&api::ContractRole::align>("align", "Closeness inside a member.", {.max_size = 16}),
    field<&api::ContractRole::together>("together", "Closeness across members."),
    field<&api::ContractRole::apart>("apart", "Distance across members."));
template <>
inline constexpr auto table<api::Isolation> = enumeration<api::Isolation>(
    "Isolation", "How far a contract is kept from others.",
    value(api::Isolation::l0, "L0", "Control group limits."),
    value(api::Isolation::l1, "L1", "Own user id, exclusive cores and devices per tenant."),
    value(api::Isolation::l2, "L2", "Sandboxed runtime, memory scrubbed."),
    value(api::Isolation::l3, "L3", "Virtual machine with its devices."),
    value(api::Isolation::l4, "L4", "Whole nodes."),
    value(api::Isolation::l5, "L5", "Whole pool, confidential computing."));
template <>
inline constexpr auto table<api::Sovereignty> = object<api::Sovereignty>(
    "Sovereignty", "Where and under whose law the work may run.",
    field<&api::Sovereignty::jurisdictions>(
        "jurisdictions", "Country codes or regimes; a site must name one of them.",
        {.max_size = 64, .set = true}),
    field<&api::Sovereignty::control>(
        "control", "Who may operate and hold keys.",
        {.later = "operator and key control need policy over facts"}));
template <>
inline constexpr auto table<api::MeasuredBy> = enumeration<api::MeasuredBy>(
    "MeasuredBy", "Who measures. A credit never rests on the workload's own word alone.",
    value(api::MeasuredBy::agent, "agent", "The agent of the node."),
    value(api::MeasuredBy::gateway, "gateway", "The gateway in front of the workload."),
    value(api::MeasuredBy::workload, "workload", "The workload's own Prometheus endpoint."));
template <>
inline constexpr auto table<api::JudgedAgainst> = enumeration<api::JudgedAgainst>(
    "JudgedAgainst", "What a rate is compared with.",
    value(api::JudgedAgainst::floor, "floor", "The promised floor."),
    value(api::JudgedAgainst::offered, "offered",
          "The smaller of the floor and the load offered, so that an idle user is no breach."));
template <>
inline constexpr auto table<api::Guarantee> = checked_object<api::Guarantee, api::check_guarantee>(
    "Guarantee", "A promise about one metric, judged window by window.",
    field<&api::Guarantee::metric>(
        "metric",
        "What is measured: available_capacity, cpu_cores, memory_bytes, or any metric of the "
        "workload.",
        {.required = true, .max_size = 128, .format = &api::metric_name}),
    field<&api::Guarantee::at_least>("atLeast", "Floor.", {.any_dimension = true}),
    field<&api::Guarantee::at_most>("atMost", "Ceiling.", {.any_dimension = true}),
    field<&api::Guarantee::quantile>("quantile",
                                     "Over the requests of a window, 0 to 1; 0: the value itself."),
    field<&api::Guarantee::of>("of", "floor or offered."),
    field<&api::Guarantee::window>("window", "Length of a window, 1s to 24h."),
    field<&api::Guarantee::target>("target", "Share of determined windows that must be fulfilled."),
    field<&api::Guarantee::measured_by>("measuredBy", "agent or workload."),
    field<&api::Guarantee::when>(
        "when",
        "Metrics and conditions under which the promise holds, each measured over the same window "
        "as its value, a mean; rates of members add up. Outside, or not measured: not determined.",
        {.max_size = 4, .format = &api::condition, .key_format = &api::metric_name}));
template <>
inline constexpr auto table<api::RemedyAction> = enumeration<api::RemedyAction>(
    "RemedyAction", "What is done when the error budget is spent.",
    value(api::RemedyAction::restart, "restart", "Restart the instances."),
    value(api::RemedyAction::replace, "replace", "Other hardware, made before the old is left."),
    value(api::RemedyAction::credit, "credit", "Money back for violated windows."),
    value(api::RemedyAction::release, "release", "The user may leave without further cost."),
    value(api::RemedyAction::add_capacity, "addCapacity", "More members."));
template <>
inline constexpr auto table<api::Remedy> = object<api::Remedy>(
    "Remedy", "One step, tried in the order given.",
    field<&api::Remedy::action>("action", "What is done."),
    field<&api::Remedy::amount>("amount", "Of a credit: percent of the price of violated windows.",
                                {.min = 0, .max = 100'000, .dimension = Dimension::percent}));
template <>
inline constexpr auto table<api::AcceptanceTest> = enumeration<api::AcceptanceTest>(
    "AcceptanceTest", "What is run on the assigned hardware before the contract is active.",
    value(api::AcceptanceTest::none, "none", "Nothing."),
    value(api::AcceptanceTest::cpu, "cpu", "A compute loop on every assigned CPU."),
    value(api::AcceptanceTest::memory_bandwidth, "memory-bandwidth",
          "Triad over the assigned memory."),
    value(api::AcceptanceTest::workload, "workload", "The workload itself, for one window."));
template <>
inline constexpr auto table<api::Acceptance> = object<api::Acceptance>(
    "Acceptance", "The run that turns a trial into a guarantee.",
    field<&api::Acceptance::test>("test", "What is run."),
    field<&api::Acceptance::at_least>("atLeast",
                                      "Floor: operations per second (cpu) or bandwidth "
                                      "(memory-bandwidth); absent: recorded only.",
                                      {.any_dimension = true}),
    field<&api::Acceptance::duration>("duration", "How long the run takes."),
    field<&api::Acceptance::attempts>(
        "attempts", "Runs at most; after one below the floor, other hardware is tried.",
        {.min = 1, .max = 10}));
template <>
inline constexpr auto table<api::ContractWhere> = object<api::ContractWhere>(
    "ContractWhere", "Which nodes may be used.",
    field<&api::ContractWhere::sites>("sites", "Any of these sites.",
                                      {.max_size = 64, .set = true}),
    field<&api::ContractWhere::node_labels>(
        "nodeLabels", "Labels that a node must have.",
        {.max_size = 16, .format = &api::label_value, .key_format = &api::label_key}));
template <>
inline constexpr auto table<api::ContractSpec> =
    checked_object<api::ContractSpec, api::check_contract_spec>(
        "ContractSpec", "What is asked for.", field<&api::ContractSpec::term>("term", "When."),
        field<&api::ContractSpec::priority>("priority", "PriorityClass: who goes first.",
                                            {.max_size = 63, .format = &api::dns_label}),
        field<&api::ContractSpec::accept>("accept", "How an offer is accepted."),
        field<&api::ContractSpec::where>("where", "Which nodes may be used."),
        field<&api::ContractSpec::roles>(
            "roles", "One gang: all members or none.",
            {.required = true, .min_size = 1, .max_size = 16, .list_key = "name"}),
        field<&api::ContractSpec::data>("data", "Datasets that the work reads and writes.",
                                        {.later = "kind Dataset is not served yet"}),
        field<&api::ContractSpec::isolation>(
            "isolation", "Distance from other tenants; L0 and L1 are honoured."),
        field<&api::ContractSpec::sovereignty>("sovereignty", "Under whose law."),
        field<&api::ContractSpec::serves>(
            "serves", "Model to be served; sizes the contract.",
            {.later = "sizing needs performance models; state `roles`"}),
        field<&api::ContractSpec::trains>(
            "trains", "Model to be trained; sizes the contract.",
            {.later = "sizing needs performance models; state `roles`"}),
        field<&api::ContractSpec::guarantees>("guarantees", "Promises about metrics.",
                                              {.max_size = 16}),
        field<&api::ContractSpec::acceptance>("acceptance",
                                              "The run before the contract is active."),
        field<&api::ContractSpec::remedies>("remedies", "What is done on breach, in order.",
                                            {.max_size = 8}),
        field<&api::ContractSpec::offer_ttl>("offerTTL", "How long an offer holds capacity."),
        field<&api::ContractSpec::release>(
            "release", "End it now: instances wind down, the final statement is made."));

template <>
inline constexpr auto table<api::ContractPhase> = enumeration<api::ContractPhase>(
    "ContractPhase", "Where in its life a contract is.",
    value(api::ContractPhase::pending, "Pending", "Not decided yet."),
    value(api::ContractPhase::refused, "Refused",
          "No offer; the refusal says why and what would help."),
    value(api::ContractPhase::offered, "Offered", "An offer holds capacity until it expires."),
    value(api::ContractPhase::reserved, "Reserved", "Accepted; capacity is committed."),
    value(api::ContractPhase::testing, "Testing",
          "The acceptance run is on the assigned hardware."),
    value(api::ContractPhase::active, "Active", "Kept and assessed."),
    value(api::ContractPhase::breached, "Breached", "The error budget of a guarantee is spent."),
    value(api::ContractPhase::settling, "Settling", "Ended; instances wind down."),
    value(api::ContractPhase::settled, "Settled", "The final statement is made."));
template <>
inline constexpr auto table<api::RefusalClass> = enumeration<api::RefusalClass>(
    "RefusalClass", "How firm a refusal is.", value(api::RefusalClass::none, "", "Not refused."),
    value(api::RefusalClass::never, "never", "No state of this fleet would do."),
    value(api::RefusalClass::not_now, "notNow", "It would fit the fleet when others end."),
    value(api::RefusalClass::not_found_within_budget, "notFoundWithinBudget",
          "Not found, and not proved."));
template <>
inline constexpr auto table<api::RefusalReason> = object<api::RefusalReason>(
    "RefusalReason", "A constraint and how many nodes it ruled out.",
    field<&api::RefusalReason::constraint>("constraint", "Which.", {.max_size = 128}),
    field<&api::RefusalReason::nodes>("nodes", "Nodes ruled out.", {.min = 0}),
    field<&api::RefusalReason::message>("message", "Sentence, for people.", {.max_size = 512}));
template <>
inline constexpr auto table<api::Refusal> = object<api::Refusal>(
    "Refusal", "Why there is no offer, and the smallest change that would bring one.",
    field<&api::Refusal::cls>("class", "How firm it is."),
    field<&api::Refusal::message>("message", "Sentence, for people.", {.max_size = 1024}),
    field<&api::Refusal::reasons>("reasons", "Constraints, strongest first.", {.max_size = 16}),
    field<&api::Refusal::cheapest_change>(
        "cheapestChange", "The cheapest change found; verified by deciding again with it.",
        {.max_size = 1024}));
template <>
inline constexpr auto table<api::Verdicts> = object<api::Verdicts>(
    "Verdicts", "Windows by verdict.",
    field<&api::Verdicts::fulfilled>("fulfilled", "Promise kept.", {.min = 0}),
    field<&api::Verdicts::violated>("violated", "Promise missed.", {.min = 0}),
    field<&api::Verdicts::not_determined>(
        "notDetermined",
        "Outside the conditions, or nothing was measured; never counted either way.", {.min = 0}));
template <>
inline constexpr auto table<api::Basis> = enumeration<api::Basis>(
    "Basis", "What a guarantee rests on.",
    value(api::Basis::capacity, "capacity",
          "Resources are reserved; nothing is promised about rates."),
    value(api::Basis::trial, "trial", "The user's wish until the acceptance run has measured it."),
    value(api::Basis::evidence, "evidence", "Calibration records."),
    value(api::Basis::accepted, "accepted", "Measured on the assigned hardware."));
template <>
inline constexpr auto table<api::GuaranteeStatus> = object<api::GuaranteeStatus>(
    "GuaranteeStatus", "Promised against delivered.",
    field<&api::GuaranteeStatus::metric>("metric", "What is measured.",
                                         {.required = true, .max_size = 128}),
    field<&api::GuaranteeStatus::promised>("promised", "Floor or ceiling.",
                                           {.any_dimension = true}),
    field<&api::GuaranteeStatus::last>("last", "Value of the last determined window.",
                                       {.any_dimension = true}),
    field<&api::GuaranteeStatus::basis>("basis", "What it rests on."),
    field<&api::GuaranteeStatus::windows>("windows", "Windows by verdict."),
    field<&api::GuaranteeStatus::delivered_share>("deliveredShare",
                                                  "Share of determined windows kept."),
    field<&api::GuaranteeStatus::budget_left>("budgetLeft",
                                              "Of the error budget; below 0: breach."),
    field<&api::GuaranteeStatus::assessed_until>("assessedUntil", "Windows are judged up to here."),
    field<&api::GuaranteeStatus::worst>("worst", "Worst determined window.",
                                        {.any_dimension = true}),
    field<&api::GuaranteeStatus::median>("median", "Median of the windows kept below.",
                                         {.any_dimension = true}));
template <>
inline constexpr auto table<api::AssessedWindow> = object<api::AssessedWindow>(
    "AssessedWindow", "A closed and judged window.",
    field<&api::AssessedWindow::metric>("metric", "What was measured.", {.max_size = 128}),
    field<&api::AssessedWindow::verdict>("verdict", "fulfilled, violated or notDetermined.",
                                         {.max_size = 32}),
    field<&api::AssessedWindow::reason>("reason", "Why it was not determined.", {.max_size = 256}),
    field<&api::AssessedWindow::start>("start", "When it began."),
    field<&api::AssessedWindow::length>("length", "How long it was."),
    field<&api::AssessedWindow::value>("value", "What was measured.", {.any_dimension = true}),
    field<&api::AssessedWindow::samples>("samples", "Requests or scrapes behind it.", {.min = 0}));
template <>
inline constexpr auto table<api::MissedTime> = object<api::MissedTime>(
    "MissedTime", "Time in which some promises were missed, and no other.",
    field<&api::MissedTime::from>("from", "When it began; absent for a sum."),
    field<&api::MissedTime::time>("time", "How long it was."),
    field<&api::MissedTime::promises>("promises", "Their places among the guarantees, from 0.",
                                      {.min = 0, .max = 15, .max_size = 16}));
template <>
inline constexpr auto table<api::Span> = object<api::Span>(
    "Span", "A stretch of time.", field<&api::Span::from>("from", "Its beginning."),
    field<&api::Span::until>("until", "Its end."));
template <>
inline constexpr auto table<api::Uncharged> = object<api::Uncharged>(
    "Uncharged", "Time in which nobody knows what was delivered, or nothing was held.",
    field<&api::Uncharged::spans>("spans", "The latest.", {.max_size = 32}),
    field<&api::Uncharged::total>("total", "All of it."));
template <>
inline constexpr auto table<api::Missed> = object<api::Missed>(
    "Missed", "Time in which promises were missed, so that no second is paid back twice.",
    field<&api::Missed::spans>("spans", "The latest; windows yet to come may lie over them.",
                               {.max_size = 256}),
    field<&api::Missed::sums>("sums", "Earlier time, summed up for each set of promises.",
                              {.max_size = 64}),
    field<&api::Missed::summed_until>("summedUntil", "What the sums hold ended by then."));
template <>
inline constexpr auto table<api::EnergyPrice> = object<api::EnergyPrice>(
    "EnergyPrice", "What energy costs at a site, as agreed.",
    field<&api::EnergyPrice::site>("site", "Which; absent for machines without one.",
                                   {.max_size = 63}),
    field<&api::EnergyPrice::price>("price", "Of a kilowatt hour; absent when none was agreed.",
                                    {.dimension = Dimension::money_per_energy}),
    field<&api::EnergyPrice::pue>("pue",
                                  "Power of the whole site over power of its machines; energy is "
                                  "charged with it.",
                                  {.min = 1, .max = 10}));
template <>
inline constexpr auto table<api::PastEnergy> = object<api::PastEnergy>(
    "PastEnergy", "Energy of instances that are gone.",
    field<&api::PastEnergy::site>("site", "Where they ran.", {.max_size = 63}),
    field<&api::PastEnergy::joules>("joules", "What they took; -1 unknown.", {.min = -1}));
template <>
inline constexpr auto table<api::RemedyRun> = object<api::RemedyRun>(
    "RemedyRun", "A remedy that ran.",
    field<&api::RemedyRun::action>("action", "Which.", {.max_size = 32}),
    field<&api::RemedyRun::reason>("reason", "What it answered.", {.max_size = 512}),
    field<&api::RemedyRun::outcome>("outcome", "What came of it.", {.max_size = 512}),
    field<&api::RemedyRun::at>("at", "When."),
    field<&api::RemedyRun::amount>("amount", "Money, for a credit.",
                                   {.dimension = Dimension::money}));
template <>
inline constexpr auto table<api::Statement> = object<api::Statement>(
    "Statement",
    "The final statement: promised against delivered, in money and, where power is known, joules.",
    field<&api::Statement::from>("from", "When the contract became active."),
    field<&api::Statement::until>("until", "When it ended."),
    field<&api::Statement::guarantees>("guarantees", "Promised against delivered.",
                                       {.max_size = 16}),
    field<&api::Statement::price>("price", "Price of the capacity.",
                                  {.dimension = Dimension::money}),
    field<&api::Statement::credits>("credits", "Money back.", {.dimension = Dimension::money}),
    field<&api::Statement::energy_cost>("energyCost", "Price of the energy.",
                                        {.dimension = Dimension::money}),
    field<&api::Statement::due>("due", "Price and energy less credits, exactly.",
                                {.dimension = Dimension::money}),
    field<&api::Statement::energy>("energy", "Joules; absent when power is not known.",
                                   {.dimension = Dimension::energy}),
    field<&api::Statement::energy_basis>(
        "energyBasis", "measured, measured in part, model or nameplate.", {.max_size = 16}),
    field<&api::Statement::cpu_time>("cpuTime", "CPU time delivered.",
                                     {.dimension = Dimension::duration}),
    field<&api::Statement::text>("text", "One paragraph, for people.", {.max_size = 4096}));
template <>
inline constexpr auto table<api::ContractStatus> = object<api::ContractStatus>(
    "ContractStatus", "What became of it.",
    field<&api::ContractStatus::phase>("phase", "Where in its life it is."),
    field<&api::ContractStatus::offer>("offer", "The offer that holds its capacity.",
                                       {.max_size = 253}),
    field<&api::ContractStatus::workload>("workload", "The workload that is bound to it.",
                                          {.max_size = 253}),
    field<&api::ContractStatus::attempts>("attempts", "Acceptance runs so far.", {.min = 0}),
    field<&api::ContractStatus::generation>("generation", "Rises with each re-placement.",
                                            {.min = 0}),
    field<&api::ContractStatus::avoid_nodes>("avoidNodes", "Nodes that failed it.",
                                             {.max_size = 64}),
    field<&api::ContractStatus::reserved_at>("reservedAt", "When an offer was accepted."),
    field<&api::ContractStatus::active_at>("activeAt", "When it became active."),
    field<&api::ContractStatus::ends_at>("endsAt", "When its term ends."),
    field<&api::ContractStatus::released_at>("releasedAt", "When it ended."),
    field<&api::ContractStatus::price_per_hour>(
        "pricePerHour", "As agreed; other hardware under the same contract costs the same.",
        {.dimension = Dimension::money_per_hour}),
    field<&api::ContractStatus::energy_prices>(
        "energyPrices", "As agreed, of every site that it was placed on.", {.max_size = 64}),
    field<&api::ContractStatus::uncharged>(
        "uncharged", "Time after it became active that is not charged, and earns no credit."),
    field<&api::ContractStatus::refusal>("refusal", "Why there is no offer."),
    field<&api::ContractStatus::guarantees>("guarantees", "Promised against delivered.",
                                            {.max_size = 16}),
    field<&api::ContractStatus::windows>("windows", "The last windows.", {.max_size = 64}),
    field<&api::ContractStatus::missed>("missed",
                                        "When promises that may earn a credit were missed."),
    field<&api::ContractStatus::remedies>("remedies", "Remedies that ran.", {.max_size = 64}),
    field<&api::ContractStatus::past_cpu_us>(
        "pastCpuMicroseconds", "CPU time delivered by instances that are gone.", {.min = 0}),
    field<&api::ContractStatus::past_energy>("pastEnergy", "Energy of instances that are gone.",
                                             {.max_size = 64}),
    field<&api::ContractStatus::is_past_energy_in_part>("pastEnergyInPart",
                                                        "Some of what they ran on has no meter."),
    field<&api::ContractStatus::statement>("statement", "The final statement."),
    field<&api::ContractStatus::conditions>(
        "conditions",
        "Admitted, Offered, Reserved, Proven, Active, WithinGuarantee, Breached, Settled.",
        {.max_size = 32, .list_key = "type"}));
template <>
inline constexpr auto table<api::Contract> = object<api::Contract>(
    "Contract", "A promise with numbers, made only when it can be kept, judged by measurement.",
    field<&api::Contract::metadata>("metadata", "Identity."),
    field<&api::Contract::spec>("spec", "What is asked for.", {.required = true}),
    field<&api::Contract::status>("status", "What became of it."));

template <>
inline constexpr auto table<api::Exactness> = enumeration<api::Exactness>(
    "Exactness", "How exactly a provider keeps a placement.",
    value(api::Exactness::device, "device", "Exact devices, CPUs and memory nodes."),
    value(api::Exactness::node, "node", "Exact nodes."),
    value(api::Exactness::cluster, "cluster", "Somewhere in the cluster."));
template <>
inline constexpr auto table<api::OfferedGuarantee> = object<api::OfferedGuarantee>(
    "OfferedGuarantee", "A guarantee as offered.",
    field<&api::OfferedGuarantee::metric>("metric", "What is measured.",
                                          {.required = true, .max_size = 128}),
    field<&api::OfferedGuarantee::at_least>("atLeast", "Floor.", {.any_dimension = true}),
    field<&api::OfferedGuarantee::at_most>("atMost", "Ceiling.", {.any_dimension = true}),
    field<&api::OfferedGuarantee::quantile>("quantile", "Over the requests of a window."),
    field<&api::OfferedGuarantee::target>("target", "Share of windows."),
    field<&api::OfferedGuarantee::confidence>("confidence", "0 when the basis is a trial."),
    field<&api::OfferedGuarantee::basis>("basis", "What it rests on."));
template <>
inline constexpr auto table<api::PlacementLine> = object<api::PlacementLine>(
    "PlacementLine", "Where one member would run.",
    field<&api::PlacementLine::role>("role", "Role.", {.max_size = 63}),
    field<&api::PlacementLine::member>("member", "Number within the role.", {.min = 0}),
    field<&api::PlacementLine::node>("node", "Node.", {.max_size = 253}),
    field<&api::PlacementLine::cpus>("cpus", "Exclusive CPUs.", {.format = &api::cpu_list}),
    field<&api::PlacementLine::memory>("memory", "Memory per memory node.", {.max_size = 1024}),
    field<&api::PlacementLine::devices>("devices", "Devices.", {.max_size = 256}));
template <>
inline constexpr auto table<api::OfferSpec> = object<api::OfferSpec>(
    "OfferSpec", "What is offered.",
    field<&api::OfferSpec::contract>(
        "contract", "The contract that it answers.",
        {.required = true, .max_size = 253, .format = &api::dns_subdomain}),
    field<&api::OfferSpec::contract_generation>("contractGeneration", "Generation that it answers.",
                                                {.min = 0}),
    field<&api::OfferSpec::attempt>("attempt", "Which attempt at an acceptance run.", {.min = 0}),
    field<&api::OfferSpec::issuer>("issuer", "Who offers: site and organisation.",
                                   {.max_size = 253}),
    field<&api::OfferSpec::start>("start", "When it would start."),
    field<&api::OfferSpec::expires>("expires", "Until when it holds capacity."),
    field<&api::OfferSpec::price_per_hour>("pricePerHour", "Price of the capacity.",
                                           {.min = 0, .dimension = Dimension::money_per_hour}),
    field<&api::OfferSpec::total>("total", "For the whole term.",
                                  {.min = 0, .dimension = Dimension::money}),
    field<&api::OfferSpec::power>("power", "Watts; absent when not known.",
                                  {.min = 0, .dimension = Dimension::power}),
    field<&api::OfferSpec::energy>("energy", "Joules for the whole term; absent when not known.",
                                   {.min = 0, .dimension = Dimension::energy}),
    field<&api::OfferSpec::energy_prices>("energyPrices", "What energy would cost, at each site.",
                                          {.max_size = 64}),
    field<&api::OfferSpec::exactness>("exactness", "How exactly it is kept."),
    field<&api::OfferSpec::guarantees>("guarantees", "Promises.", {.max_size = 16}),
    field<&api::OfferSpec::placement>("placement", "Where; the first 64 members.",
                                      {.max_size = 64}),
    field<&api::OfferSpec::displaces>("displaces", "Contracts that would have to give way.",
                                      {.min = 0}),
    field<&api::OfferSpec::decision>("decision", "Digest of the decision's input.",
                                     {.max_size = 64}));
template <>
inline constexpr auto table<api::OfferPhase> = enumeration<api::OfferPhase>(
    "OfferPhase", "Whether an offer holds capacity.",
    value(api::OfferPhase::held, "Held", "Holds capacity until it expires."),
    value(api::OfferPhase::accepted, "Accepted", "Holds capacity for its contract."),
    value(api::OfferPhase::expired, "Expired", "Nobody accepted in time."),
    value(api::OfferPhase::withdrawn, "Withdrawn", "Replaced or no longer asked for."),
    value(api::OfferPhase::released, "Released", "Its contract has ended."));
template <>
inline constexpr auto table<api::OfferStatus> = object<api::OfferStatus>(
    "OfferStatus", "What became of it.",
    field<&api::OfferStatus::phase>("phase", "Whether it holds capacity."),
    field<&api::OfferStatus::accepted_at>("acceptedAt", "When."),
    field<&api::OfferStatus::accepted_by>("acceptedBy", "Who.", {.max_size = 253}),
    field<&api::OfferStatus::conditions>("conditions", "Observed facts.",
                                         {.max_size = 32, .list_key = "type"}));
template <>
inline constexpr auto table<api::Offer> = object<api::Offer>(
    "Offer",
    "A priced, expiring answer to a contract. It holds concrete capacity until it expires.",
    field<&api::Offer::metadata>("metadata", "Identity."),
    field<&api::Offer::spec>("spec", "What is offered.", {.required = true, .immutable = true}),
    field<&api::Offer::status>("status", "What became of it."));

template <>
inline constexpr auto table<api::AllocatedMember> = object<api::AllocatedMember>(
    "AllocatedMember", "The exact hardware of one member.",
    field<&api::AllocatedMember::role>("role", "Role.", {.max_size = 63}),
    field<&api::AllocatedMember::index>("index", "Number within the role.", {.min = 0}),
    field<&api::AllocatedMember::node>(
        "node", "Node.", {.required = true, .max_size = 253, .format = &api::dns_subdomain}),
    field<&api::AllocatedMember::cpus>("cpus", "Exclusive logical CPUs.",
                                       {.format = &api::cpu_list}),
    field<&api::AllocatedMember::memory>("memory", "Memory per memory node.",
                                         {.max_size = 1024, .list_key = "node"}),
    field<&api::AllocatedMember::devices>("devices", "Device ids.", {.max_size = 256, .set = true}),
    field<&api::AllocatedMember::power>("power", "Watts.",
                                        {.min = 0, .dimension = Dimension::power}));
template <>
inline constexpr auto table<api::AllocationSpec> = object<api::AllocationSpec>(
    "AllocationSpec", "Exact placement of up to 64 members of a contract.",
    field<&api::AllocationSpec::contract>("contract", "The contract that owns it.",
                                          {.max_size = 253}),
    field<&api::AllocationSpec::offer>("offer", "The offer that it belongs to.", {.max_size = 253}),
    field<&api::AllocationSpec::owner>("owner", "freehold, or external for work of others.",
                                       {.max_size = 63}),
    field<&api::AllocationSpec::members>("members", "Members.",
                                         {.required = true, .min_size = 1, .max_size = 64}));
template <>
inline constexpr auto table<api::AllocationStatus> = object<api::AllocationStatus>(
    "AllocationStatus", "Observed facts.",
    field<&api::AllocationStatus::conditions>("conditions", "Observed facts.",
                                              {.max_size = 32, .list_key = "type"}));
template <>
inline constexpr auto table<api::Allocation> = object<api::Allocation>(
    "Allocation",
    "The only place where capacity is taken. Counts while its offer is held or accepted.",
    field<&api::Allocation::metadata>("metadata", "Identity."),
    field<&api::Allocation::spec>("spec", "The placement.", {.required = true, .immutable = true}),
    field<&api::Allocation::status>("status", "Observed facts."));

}  // namespace freehold::schema
