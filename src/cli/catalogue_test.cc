#include "cli/catalogue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <map>
#include <set>

#include "base/strings.h"
#include "cli/data_dir.h"
#include "discover/gpu_models.h"
#include "fleet/facility/watts.h"

namespace freehold::cli {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;

struct Catalogue : ::testing::Test {
  Catalogue() {
    auto read = read_catalogue();
    CHECK(read.ok(), read.ok() ? "" : read.error().to_string());
    objects = std::move(read).value();
    for (const api::Object& object : objects) {
      const auto* model = object.as<api::DeviceModel>();
      CHECK(model != nullptr, "the catalogue holds models only");
      models.emplace(model->metadata.name, model);
    }
  }
  const api::DeviceModel& model(const std::string& name) const {
    const auto at = models.find(name);
    CHECK(at != models.end(), name);
    return *at->second;
  }
  std::vector<api::Object> objects;
  std::map<std::string, const api::DeviceModel*> models;
};

TEST_F(Catalogue, every_document_is_valid_and_every_name_is_there_once) {
  EXPECT_EQ(models.size(), objects.size());
  EXPECT_GE(models.size(), 60u);
}

// The facts that a document states, by the names that sources use.
std::set<std::string> facts_of(const api::DeviceModelSpec& spec) {
  const json::Value document = schema::to_json(schema::type_of<api::DeviceModelSpec>, &spec);
  std::set<std::string> out;
  for (const json::Member& member : *document.as_object())
    if (!std::set<std::string>{"type", "vendor", "model", "sources"}.contains(member.first))
      out.insert(member.first);
  return out;
}

TEST_F(Catalogue, every_fact_has_exactly_one_source_and_no_source_vouches_for_nothing) {
  for (const auto& [name, model] : models) {
    std::map<std::string, int> sources;
    const std::set<std::string> facts = facts_of(model->spec);
    for (const api::Source& source : model->spec.sources)
      for (const std::string& fact : source.facts.empty()
                                         ? std::vector<std::string>(facts.begin(), facts.end())
                                         : source.facts)
        ++sources[fact];
    for (const std::string& fact : facts) EXPECT_EQ(sources[fact], 1) << name << "." << fact;
    for (const auto& [fact, count] : sources)
      EXPECT_TRUE(facts.contains(fact)) << name << "." << fact;
  }
}

TEST_F(Catalogue, what_machines_report_means_one_model_only) {
  std::map<std::string, std::string> seen;
  for (const auto& [name, model] : models)
    for (const std::string& text : model->spec.matches) {
      const auto [at, is_new] = seen.emplace(to_lower(text), name);
      EXPECT_TRUE(is_new) << text << " is " << at->second << " and " << name;
    }
}

TEST_F(Catalogue, parts_of_machines_that_draw_most_are_models_of_the_catalogue) {
  fleet::facility::ByName<api::DeviceModel> by_name;
  for (const auto& [name, model] : models) by_name.emplace(name, model);
  const fleet::facility::Models find(by_name);
  for (const auto& [name, model] : models)
    for (const api::ModelPart& part : model->spec.parts) {
      if (part.cls != "gpu") continue;
      EXPECT_NE(find.find(part.model), nullptr) << name << ": " << part.model;
    }
}

TEST_F(Catalogue, accelerators_that_discovery_knows_by_their_ids_are_in_it) {
  for (const auto& [name, model] : models)
    for (const std::string& text : model->spec.matches)
      if (const discover::GpuModel* known = discover::find_gpu_model(text)) {
        EXPECT_THAT(model->spec.matches, Contains(std::string(known->name))) << name;
        // Discovery sees one of the two dies of an MI250X.
        const int64_t dies = name == "mi250x" ? 2 : 1;
        EXPECT_EQ(model->spec.memory.value(), dies * known->memory_bytes) << name;
      }
  int found = 0;
  for (const char* id :
       {"1002:740c", "1002:740f", "1002:74a0", "1002:74a1", "1002:74a5", "10de:1db1",
        "10de:1db4", "10de:1db5", "10de:1db6", "10de:1db8", "10de:1eb8", "10de:20b0",
        "10de:20b2", "10de:20b5", "10de:20f1", "10de:2235", "10de:2236", "10de:2330",
        "10de:2331", "10de:2335", "10de:26b5", "10de:26b9", "10de:27b8"})
    for (const auto& [name, model] : models)
      found += std::ranges::count(model->spec.matches, id) > 0 ? 1 : 0;
  EXPECT_EQ(found, 23);
}

// ---- against the tables that the facts were read in

using Row = std::map<std::string, std::string>;

std::vector<std::string> cells_of(std::string_view line) {
  std::vector<std::string> out(1);
  bool is_quoted = false;
  for (const char c : line) {
    if (c == '"')
      is_quoted = !is_quoted;
    else if (c == ',' && !is_quoted)
      out.emplace_back();
    else if (c != '\r')
      out.back() += c;
  }
  return out;
}

std::vector<Row> table_of(const std::string& name) {
  const char* data = std::getenv("FREEHOLD_TEST_DATA");
  if (data == nullptr) return {};
  const auto text = read_file(std::string(data) + "/hardware/" + name);
  CHECK(text.ok(), name);
  std::vector<Row> out;
  std::vector<std::string> heads;
  for (const std::string_view line : split(*text, '\n')) {
    if (trim(line).empty()) continue;
    const std::vector<std::string> cells = cells_of(line);
    if (heads.empty()) {
      heads = cells;
      continue;
    }
    CHECK(cells.size() == heads.size(), line);
    Row& row = out.emplace_back();
    for (size_t i = 0; i < heads.size(); ++i) row[heads[i]] = cells[i];
  }
  return out;
}

double number(const std::string& text) { return parse_double(text).value_or(-1); }

// Of a quantity in units of `unit`; -1 when it is not set, as an empty cell.
double in(const Quantity& quantity, double unit) {
  return quantity.is_set() ? static_cast<double>(quantity.value()) / unit : -1;
}

constexpr double gib = 1 << 30;  // vendors say GB of device memory and mean GiB

api::FactCheck check_of(const api::DeviceModelSpec& spec, const std::string& fact) {
  for (const api::Source& source : spec.sources)
    if (std::ranges::find(source.facts, fact) != source.facts.end()) return source.check;
  return api::FactCheck::measured;
}

void compare_rates(const Row& row, const api::DeviceModel& model) {
  const api::DeviceModelSpec& spec = model.spec;
  const auto rate = [&](const std::string& precision) {
    const auto at = spec.peak.find(precision);
    return at == spec.peak.end() ? -1 : in(at->second, 1e6);  // of TFLOPS, counted in millions
  };
  const bool has_bf16 = row.at("source").find("no bf16") == std::string::npos;
  EXPECT_EQ(rate(has_bf16 ? "bf16" : "fp16"), number(row.at("bf16_tflops_dense")));
  EXPECT_EQ(rate("fp8"), number(row.at("fp8_tflops_dense")));
  EXPECT_EQ(rate("fp4"), number(row.at("fp4_tflops_dense")));
  EXPECT_EQ(rate("int8"), number(row.at("int8_tops_dense")));
  EXPECT_EQ(in(spec.memory_bandwidth, 8e9), number(row.at("mem_bw_gbs")));
  EXPECT_EQ(in(spec.scale_up_bandwidth, 8e9), number(row.at("scaleup_bw_gbs_unidir")));
  EXPECT_EQ(2 * in(spec.scale_up_bandwidth, 8e9), number(row.at("scaleup_bw_gbs_bidir")));
}

void compare_checks(const Row& row, const api::DeviceModelSpec& spec) {
  const std::string& verified = row.at("verification");
  const auto expect = [&](const std::string& fact, bool is_read) {
    EXPECT_EQ(check_of(spec, fact), is_read ? api::FactCheck::read : api::FactCheck::recalled)
        << fact << " by \"" << verified << "\"";
  };
  const bool is_read = verified.starts_with("read");
  expect("memory", is_read);
  if (spec.usable_memory.is_set()) expect("usableMemory", is_read);
  if (spec.per_machine > 0) expect("perMachine", is_read);
  if (!spec.partitioning.empty()) expect("partitioning", is_read);
  expect("peak", is_read);
  expect("memoryBandwidth", is_read && verified.find("HBM bw") == std::string::npos);
  expect("scaleUpBandwidth", is_read && verified.find("ICI recall") == std::string::npos &&
                                 verified.find("NeuronLink recall") == std::string::npos);
  if (spec.power.maximum.is_set())
    expect("power", is_read && verified.find("TDP recall") == std::string::npos);
}

TEST_F(Catalogue, every_accelerator_is_as_the_table_says) {
  const std::vector<Row> rows = table_of("hardware_catalog.csv");
  if (rows.empty()) GTEST_SKIP() << "no data folder: set FREEHOLD_TEST_DATA";
  EXPECT_EQ(rows.size(), 33u);
  for (const Row& row : rows) {
    SCOPED_TRACE(row.at("name"));
    const api::DeviceModel& m = model(to_lower(row.at("name")));
    const api::DeviceModelSpec& spec = m.spec;
    EXPECT_EQ(spec.model, row.at("name"));
    EXPECT_EQ(spec.vendor, row.at("vendor"));
    EXPECT_EQ(m.metadata.labels.at("freehold.dev/accelerator"), row.at("kind"));
    EXPECT_EQ(spec.form, row.at("form"));
    EXPECT_EQ(in(spec.memory, gib), number(row.at("mem_gb")));
    EXPECT_EQ(in(spec.usable_memory, gib), number(row.at("mem_gb_usable")));
    EXPECT_EQ(spec.memory_type, row.at("mem_type"));
    EXPECT_EQ(spec.scale_up_technology, row.at("scaleup_tech"));
    EXPECT_EQ(spec.scale_up_domain, number(row.at("scaleup_domain")));
    EXPECT_EQ(in(spec.power.maximum, 1e3), number(row.at("tdp_w")));
    EXPECT_EQ(spec.per_machine, parse_int(row.at("typ_gpus_per_node")).value_or(0));
    EXPECT_EQ(spec.partitioning, row.at("partitioning") == "none" ? "" : row.at("partitioning"));
    compare_rates(row, m);
    compare_checks(row, spec);
  }
}

TEST_F(Catalogue, every_fact_has_a_source_and_none_hides_in_an_annotation) {
  for (const auto& [name, model] : models) {
    SCOPED_TRACE(name);
    EXPECT_TRUE(model->metadata.annotations.empty());
    const auto sourced = [&](bool is_said, const std::string& fact) {
      EXPECT_TRUE(!is_said || check_of(model->spec, fact) != api::FactCheck::measured) << fact;
    };
    sourced(model->spec.link_width > 0, "linkWidth");
    sourced(!model->spec.link_speed.empty(), "linkSpeed");
    sourced(model->spec.scale_up_links > 0, "scaleUpLinks");
    sourced(!model->spec.partitioning.empty(), "partitioning");
  }
  EXPECT_EQ(model("h100-sxm").spec.link_width, 16);
  EXPECT_EQ(model("h100-sxm").spec.scale_up_links, 18);
}

TEST_F(Catalogue, the_typical_machine_of_an_accelerator_has_as_many_and_draws_as_much) {
  const std::vector<Row> rows = table_of("hardware_catalog.csv");
  if (rows.empty()) GTEST_SKIP() << "no data folder: set FREEHOLD_TEST_DATA";
  std::set<std::string> without;
  for (const Row& row : rows) {
    if (row.at("typ_node").empty()) continue;
    SCOPED_TRACE(row.at("typ_node"));
    const std::string name(trim(split(split(row.at("typ_node"), ';')[0], '(')[0]));
    bool is_found = false;
    for (const auto& [key, model] : models) {
      if (model->spec.type != api::ModelType::node || model->spec.model != name) continue;
      is_found = true;
      int64_t count = 0;
      for (const api::ModelPart& part : model->spec.parts)
        if (part.cls == "gpu" && part.model == row.at("name")) count += part.count;
      EXPECT_EQ(count, number(row.at("typ_gpus_per_node")));
      EXPECT_EQ(in(model->spec.power.maximum, 1e6), number(row.at("node_max_kw")));
    }
    if (!is_found) without.insert(name);
  }
  EXPECT_THAT(without, IsEmpty());
  EXPECT_EQ(model("gb200-nvl72-rack").spec.power.typical.text(), "120kW");
  EXPECT_EQ(model("gb200-nvl72-rack").spec.power.maximum.text(), "132kW");
  EXPECT_EQ(model("gb300-nvl72-rack").spec.power.typical.text(), "132kW");
  EXPECT_EQ(model("gb300-nvl72-rack").spec.power.maximum.text(), "142kW");
}

TEST_F(Catalogue, every_mig_profile_is_as_the_table_says) {
  const std::vector<Row> rows = table_of("mig_profiles.csv");
  if (rows.empty()) GTEST_SKIP() << "no data folder: set FREEHOLD_TEST_DATA";
  EXPECT_EQ(rows.size(), 62u);
  const std::map<std::string, std::vector<std::string>> names{
      {"A100-40GB", {"a100-40gb-sxm"}},
      {"A100-80GB", {"a100-80gb-sxm", "a100-80gb-pcie"}},
      {"H100-80GB", {"h100-sxm", "h100-pcie"}},
      {"H100-NVL-94GB", {"h100-nvl"}},
      {"H200-141GB", {"h200-sxm", "h200-nvl"}},
      {"B200-180GB", {"b200-sxm"}},
      {"GB200-186GB", {"gb200-nvl72"}},
      {"B300-270GB", {"b300-sxm"}},
      {"A30-24GB", {"a30"}},
      {"RTX-PRO-6000-96GB", {"rtx-pro-6000-se"}}};
  std::map<std::string, size_t> profiles;
  for (const Row& row : rows)
    for (const std::string& name : names.at(row.at("gpu"))) {
      SCOPED_TRACE(name + " " + row.at("profile"));
      const api::DeviceModelSpec& spec = model(name).spec;
      const auto at =
          std::ranges::find(spec.partitions, row.at("profile"), &api::Partition::profile);
      ASSERT_NE(at, spec.partitions.end());
      ++profiles[name];
      std::vector<int64_t> starts;
      for (const std::string_view start : split(row.at("placement_starts"), ';'))
        starts.push_back(*parse_int(start));
      EXPECT_EQ(at->compute_slices, number(row.at("compute_slices")));
      EXPECT_EQ(at->memory_slices, number(row.at("mem_slices")));
      EXPECT_EQ(in(at->memory, 1e9), number(row.at("mem_gb_nominal")));
      EXPECT_EQ(at->max_instances, number(row.at("max_instances")));
      EXPECT_EQ(at->placements, starts);
      EXPECT_EQ(at->placement_size, number(row.at("placement_size")));
      EXPECT_EQ(at->profile_id, number(row.at("profile_id")));
      const bool is_derived = row.at("source").find("derived") != std::string::npos;
      EXPECT_EQ(check_of(spec, "partitions") == api::FactCheck::derived, is_derived);
      EXPECT_EQ(spec.memory_slices, number(row.at("gpu_mem_slices")));
      EXPECT_EQ(spec.compute_slices, number(row.at("gpu_compute_slices")));
    }
  for (const auto& [name, count] : profiles) EXPECT_EQ(model(name).spec.partitions.size(), count);
}

}  // namespace
}  // namespace freehold::cli
