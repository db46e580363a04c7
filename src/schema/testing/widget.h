// Types that only tests, fuzzers and benchmarks of this module use. Widget has a field of every
// kind and every rule; its defaults are chosen to be awkward.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/strings.h"
#include "schema/table.h"
#include "schema/walk.h"

namespace freehold::schema::testing {

inline bool accepts_dns_label(std::string_view text) { return is_dns_label(text); }
inline bool accepts_env_name(std::string_view text) {
  return !text.empty() && text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == text.npos;
}
inline constexpr Format dns_label{"dns-label", accepts_dns_label, "chat-eu", "Chat_EU"};
inline constexpr Format env_name{"environment-variable", accepts_env_name, "THREADS", "1-X"};

struct Meta {
  std::string name;
  std::string ns = "default";
  std::string uid;
  int64_t generation = 0;
  Time created;
  StringMap labels, annotations;
  std::vector<std::string> finalizers;
};

enum class Color : uint8_t { red, green, blue };
enum class Level : uint8_t {
  anywhere,
  node,
  rack
};  // `anywhere` has no name: it is the absence of one

struct Limits {
  Quantity memory, cpu;
  Map<Quantity> extra;
};

struct Role {
  std::string name, image;
  int64_t count = 1;
  std::vector<std::string> command;
  StringMap env;
  Limits each;
  std::optional<Color> color;
};

struct Price {
  std::string currency;
  Quantity amount;
};

// Its defaults inside Spec are others than here.
struct Retry {
  int64_t times = 3;
  Duration pause = seconds(1);
  bool forever = false;
};

struct Spec {
  std::string queue;
  int64_t priority = 0;
  bool suspended = false, adopt = true;
  double share = 0.5;
  std::vector<Role> roles;
  std::optional<Limits> ceiling;
  Price price;
  json::Value parameters;
  Map<json::Value> notes;
  Bytes seed;
  Duration window = minutes(1), grace;
  MicroTime at;
  Time until;
  std::optional<bool> strict;
  std::optional<int64_t> budget;
  std::optional<std::string> alias;
  std::vector<Color> colors{Color::red};
  std::vector<int64_t> ports;
  Map<std::vector<std::string>> groups;
  std::vector<Quantity> steps;
  std::string token;
  Level level = Level::anywhere;
  Color color = Color::red;
  Retry retry{0, seconds(0), true};
  std::string failover;
};

struct Condition {
  std::string type, status, reason, message;
  Time last_transition_time;
  int64_t observed_generation = 0;
};

struct Status {
  int64_t ready = 0;
  std::vector<std::string> nodes;
  std::vector<Condition> conditions;
};

struct Widget {
  Meta metadata;
  Spec spec;
  Status status;
};

inline void check_spec(const Spec& spec, const Path& at, Errors& errors) {
  if (spec.suspended && spec.priority > 0)
    errors.add(Fault::invalid, at / "priority",
               "a suspended widget has no priority; remove one of the two");
}

}  // namespace freehold::schema::testing

namespace freehold::schema {

template <>
inline constexpr auto table<testing::Meta> = object<testing::Meta>(
    "Meta", "Identity and bookkeeping.",
    field<&testing::Meta::name>("name", "Unique within the namespace.",
                                {.required = true,
                                 .immutable = true,
                                 .max_size = 63,
                                 .format = &testing::dns_label,
                                 .proto = 1}),
    field<&testing::Meta::ns>("namespace", "The project it belongs to.",
                              {.immutable = true, .format = &testing::dns_label, .proto = 3}),
    field<&testing::Meta::uid>("uid", "Set once.", {.output = true, .proto = 5}),
    field<&testing::Meta::generation>("generation", "Counts changes.",
                                      {.output = true, .min = 0, .proto = 7}),
    field<&testing::Meta::created>("creationTimestamp", "When it was stored.",
                                   {.output = true, .proto = 8}),
    field<&testing::Meta::labels>("labels", "What selectors match.",
                                  {.max_size = 4,
                                   .format = &testing::dns_label,
                                   .key_format = &testing::dns_label,
                                   .proto = 11}),
    field<&testing::Meta::annotations>("annotations", "Notes.", {.proto = 12}),
    field<&testing::Meta::finalizers>("finalizers", "Who must let go.",
                                      {.format = &testing::dns_label, .set = true, .proto = 14}));

template <>
inline constexpr auto table<testing::Color> = enumeration<testing::Color>(
    "Color", "A colour.", value(testing::Color::red, "Red", "As a rose."),
    value(testing::Color::green, "Green", "As grass."),
    value(testing::Color::blue, "Blue", "As the sky."));

template <>
inline constexpr auto table<testing::Level> = enumeration<testing::Level>(
    "Level", "A level of the fleet.", value(testing::Level::anywhere, "", "No matter where."),
    value(testing::Level::node, "node", "One machine."),
    value(testing::Level::rack, "rack", "Below one leaf switch."));

template <>
inline constexpr auto table<testing::Limits> = object<testing::Limits>(
    "Limits", "What one member may use.",
    field<&testing::Limits::memory>(
        "memory", "Memory.",
        {.min = 1 << 20, .max = int64_t{1} << 40, .dimension = Dimension::bytes, .proto = 1}),
    field<&testing::Limits::cpu>("cpu", "Logical CPUs.",
                                 {.max = 1'000'000, .dimension = Dimension::number, .proto = 2}),
    field<&testing::Limits::extra>("extra", "Anything else that is counted.",
                                   {.any_dimension = true, .proto = 3}));

template <>
inline constexpr auto table<testing::Role> = object<testing::Role>(
    "Role", "Members that are alike.",
    field<&testing::Role::name>("name", "Unique within the widget.",
                                {.required = true, .format = &testing::dns_label, .proto = 1}),
    field<&testing::Role::image>("image", "What to run.",
                                 {.required = true, .min_size = 2, .max_size = 64, .proto = 2}),
    field<&testing::Role::count>("count", "How many.", {.min = 1, .max = 100'000, .proto = 3}),
    field<&testing::Role::command>("command", "Overrides the entry point.",
                                   {.max_size = 16, .proto = 4}),
    field<&testing::Role::env>("env", "Environment of the process.",
                               {.key_format = &testing::env_name, .proto = 5}),
    field<&testing::Role::each>("each", "What each member needs.", {.proto = 6}),
    field<&testing::Role::color>("color", "For the portal.", {.proto = 7}));

template <>
inline constexpr auto table<testing::Price> = object<testing::Price>(
    "Price", "What it may cost.",
    field<&testing::Price::currency>("currency", "ISO 4217.",
                                     {.required = true, .min_size = 3, .max_size = 3}),
    field<&testing::Price::amount>("amount", "Per hour.",
                                   {.min = 0, .dimension = Dimension::money_per_hour}));

template <>
inline constexpr auto table<testing::Retry> = object<testing::Retry>(
    "Retry", "What to do after a failure.",
    field<&testing::Retry::times>("times", "How often.", {.min = 0, .max = 10}),
    field<&testing::Retry::pause>("pause", "Between two tries.", {.min = 0, .max = 60'000'000}),
    field<&testing::Retry::forever>("forever", "Whether `times` does not count."));

template <>
inline constexpr auto table<testing::Spec> = checked_object<testing::Spec, testing::check_spec>(
    "Spec", "What someone wants.",
    field<&testing::Spec::queue>("queue", "Who pays.",
                                 {.required = true, .immutable = true, .proto = 1}),
    field<&testing::Spec::priority>("priority", "Higher goes first.",
                                    {.min = -1000, .max = 1000, .proto = 2, .proto_pointer = true}),
    field<&testing::Spec::suspended>("suspended", "Keep it waiting.", {.proto = 3}),
    field<&testing::Spec::adopt>("adopt", "Adopt what runs already.", {.proto = 4}),
    field<&testing::Spec::share>("share", "Of the whole, 0 to 1.",
                                 {.min = 0, .max = 1, .proto = 5}),
    field<&testing::Spec::roles>(
        "roles", "All start together.",
        {.required = true, .min_size = 1, .max_size = 8, .list_key = "name", .proto = 6}),
    field<&testing::Spec::ceiling>("ceiling", "Most that all may use.", {.proto = 7}),
    field<&testing::Spec::price>("price", "What it may cost."),
    field<&testing::Spec::parameters>("parameters", "Free-form.", {.proto = 8}),
    field<&testing::Spec::notes>("notes", "Free-form, by name."),
    field<&testing::Spec::seed>("seed", "Of the generator.", {.max_size = 16, .proto = 9}),
    field<&testing::Spec::window>("window", "Of measurement.", {.min = 1'000'000, .proto = 10}),
    field<&testing::Spec::grace>("grace", "Before it is stopped."),
    field<&testing::Spec::at>("at", "When it was asked for.", {.proto = 11}),
    field<&testing::Spec::until>("until", "When it ends.", {.proto = 12}),
    field<&testing::Spec::strict>("strict", "Refuse what cannot be exact.", {.proto = 13}),
    field<&testing::Spec::budget>("budget", "In units.", {.min = 0, .max = 9, .proto = 14}),
    field<&testing::Spec::alias>("alias", "Another name.",
                                 {.format = &testing::dns_label, .proto = 15}),
    field<&testing::Spec::colors>("colors", "Allowed ones.",
                                  {.max_size = 3, .set = true, .proto = 16}),
    field<&testing::Spec::ports>("ports", "To listen at.",
                                 {.min = 1, .max = 65535, .max_size = 4, .proto = 17}),
    field<&testing::Spec::groups>("groups", "Members by group.",
                                  {.format = &testing::dns_label, .proto = 18}),
    field<&testing::Spec::steps>("steps", "Sizes to go through.",
                                 {.min = 1024, .dimension = Dimension::bytes, .proto = 19}),
    field<&testing::Spec::token>(
        "token", "To register with.",
        {.max_size = 32, .format = &testing::dns_label, .secret = true, .proto = 20}),
    field<&testing::Spec::level>("level", "Where to stay together."),
    field<&testing::Spec::color>("color", "For the portal."),
    field<&testing::Spec::retry>("retry", "After a failure."),
    field<&testing::Spec::failover>("failover", "Where to go when a site is lost.",
                                    {.later = "needs federation"}));

template <>
inline constexpr auto table<testing::Condition> = object<testing::Condition>(
    "Condition", "One observed fact.",
    field<&testing::Condition::type>("type", "The fact's name.", {.required = true}),
    field<&testing::Condition::status>("status", "True, False or Unknown.", {.required = true}),
    field<&testing::Condition::reason>("reason", "For programs."),
    field<&testing::Condition::message>("message", "For people."),
    field<&testing::Condition::last_transition_time>("lastTransitionTime", "When it changed."),
    field<&testing::Condition::observed_generation>("observedGeneration",
                                                    "The spec this speaks of."));

template <>
inline constexpr auto table<testing::Status> = object<testing::Status>(
    "Status", "What was seen.", field<&testing::Status::ready>("ready", "Members that are."),
    field<&testing::Status::nodes>("nodes", "Where they run."),
    field<&testing::Status::conditions>("conditions", "Facts.", {.list_key = "type"}));

template <>
inline constexpr auto table<testing::Widget> = object<testing::Widget>(
    "Widget", "A thing for tests.",
    field<&testing::Widget::metadata>("metadata", "Identity.", {.required = true, .proto = 1}),
    field<&testing::Widget::spec>("spec", "What someone wants.", {.required = true, .proto = 2}),
    field<&testing::Widget::status>("status", "What was seen.", {.output = true}));

}  // namespace freehold::schema

namespace freehold::schema::testing {

// About 1.9 kB when printed, of the shape that most objects have.
inline Widget sample_widget(int i = 7) {
  Widget w;
  w.metadata.name = "train-" + std::to_string(i);
  w.metadata.uid = "6f9619ff-8b86-d011-b42d-00c04fc964ff";
  w.metadata.created = *parse_rfc3339("2026-11-23T15:39:13Z");
  w.metadata.generation = 3;
  w.metadata.labels = {{"team", "nlp"}, {"project", "llm-70b"}, {"stage", "pretrain"}};
  w.metadata.annotations = {{"example.io/owner", "someone@example.io"},
                            {"note", "restart after \"maintenance\"\nwindow"}};
  w.metadata.finalizers = {"gang"};
  w.spec.queue = "research";
  w.spec.priority = i % 100;
  for (const char* name : {"trainer", "evaluator"}) {
    Role role;
    role.name = name;
    role.image = "registry.example.io/train/llm:2026.11";
    role.count = 64;
    role.command = {"torchrun", "--nnodes=64", "--nproc-per-node=8", "train.py",
                    "--config=/etc/llm/70b.yaml"};
    role.env = {{"NCCL_DEBUG", "WARN"}, {"NCCL_IB_HCA", "mlx5"}, {"OMP_NUM_THREADS", "8"}};
    role.each.memory = *Quantity::parse("1024Gi", Dimension::bytes);
    role.each.cpu = *Quantity::parse("96", Dimension::number);
    role.color = Color::blue;
    w.spec.roles.push_back(role);
  }
  w.status.ready = 64;
  for (int n = 0; n < 8; ++n) w.status.nodes.push_back("gpu-node-" + std::to_string(i * 8 + n));
  for (const char* type : {"Queued", "Admitted", "Running"})
    w.status.conditions.push_back({type, "True", "GangPlaced",
                                   "all members of the gang were placed within one NVLink domain",
                                   *parse_rfc3339("2026-11-23T15:40:00Z"), 3});
  return w;
}

}  // namespace freehold::schema::testing
