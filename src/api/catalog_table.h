// The schema tables of catalog.h.
#pragma once

#include "api/catalog.h"
#include "api/meta_table.h"
#include "schema/table.h"

namespace freehold::schema {

template <>
inline constexpr auto table<api::ModelType> =
    enumeration<api::ModelType>("ModelType", "What a model is a model of.",
                                value(api::ModelType::gpu, "gpu", "An accelerator."),
                                value(api::ModelType::nic, "nic", "A network interface."),
                                value(api::ModelType::cpu, "cpu", "A processor."),
                                value(api::ModelType::node, "node", "A whole machine."));
template <>
inline constexpr auto table<api::PowerDraw> = object<api::PowerDraw>(
    "PowerDraw", "What a device draws.",
    field<&api::PowerDraw::idle>("idle", "Without work.",
                                 {.min = 0, .dimension = Dimension::power}),
    field<&api::PowerDraw::typical>("typical", "Under typical work.",
                                    {.min = 0, .dimension = Dimension::power}),
    field<&api::PowerDraw::maximum>("maximum", "At most.",
                                    {.min = 0, .dimension = Dimension::power}));
template <>
inline constexpr auto table<api::Partition> = object<api::Partition>(
    "Partition", "One way to split a device.",
    field<&api::Partition::profile>("profile", "Name that the vendor gives it.",
                                    {.required = true, .max_size = 63}),
    field<&api::Partition::compute_slices>("computeSlices", "Slices of compute that it takes.",
                                           {.min = 0, .max = 64}),
    field<&api::Partition::memory_slices>("memorySlices", "Slices of memory that it takes.",
                                          {.min = 0, .max = 64}),
    field<&api::Partition::memory>("memory", "Memory that it has.",
                                   {.min = 0, .dimension = Dimension::bytes}),
    field<&api::Partition::max_instances>("maxInstances", "How many fit on one device.",
                                          {.min = 0, .max = 64}),
    field<&api::Partition::placements>("placements", "First memory slices at which it may start.",
                                       {.min = 0, .max = 63, .max_size = 64}),
    field<&api::Partition::placement_size>(
        "placementSize", "Memory slices that a placement covers; 0: memorySlices.",
        {.min = 0, .max = 64}),
    field<&api::Partition::profile_id>("profileId",
                                       "Number that the vendor gives it; -1 when unknown.",
                                       {.min = -1, .max = 65535}));
template <>
inline constexpr auto table<api::ModelPart> = object<api::ModelPart>(
    "ModelPart", "Equal parts of a machine.",
    field<&api::ModelPart::cls>("class", "A device class such as gpu, or cpu for packages.",
                                {.required = true, .max_size = 32, .format = &api::priced_class}),
    field<&api::ModelPart::model>(
        "model", "As in the DeviceModel of the part, or as a machine reports it; empty: any.",
        {.max_size = 128}),
    field<&api::ModelPart::count>("count", "How many.", {.min = 1, .max = 1024}));
template <>
inline constexpr auto table<api::FactCheck> = enumeration<api::FactCheck>(
    "FactCheck", "How sure a fact is.",
    value(api::FactCheck::recalled, "recalled", "Written down without the document at hand."),
    value(api::FactCheck::derived, "derived", "Follows from what a document says of another."),
    value(api::FactCheck::read, "read", "Read in the document."),
    value(api::FactCheck::measured, "measured", "Measured."));
template <>
inline constexpr auto table<api::Source> = object<api::Source>(
    "Source", "Where facts come from.",
    field<&api::Source::facts>("facts", "Fields that it vouches for; none means all.",
                               {.max_size = 32, .set = true}),
    field<&api::Source::text>("text", "Document, page and version.",
                              {.required = true, .min_size = 1, .max_size = 512}),
    field<&api::Source::check>("check", "How sure they are."));
template <>
inline constexpr auto table<api::DeviceModelSpec> = object<api::DeviceModelSpec>(
    "DeviceModelSpec", "Facts of a model; what is not known is left out.",
    field<&api::DeviceModelSpec::type>("type", "What it is a model of."),
    field<&api::DeviceModelSpec::vendor>("vendor", "Who makes it.", {.max_size = 63}),
    field<&api::DeviceModelSpec::model>("model", "Name that contracts and price books use.",
                                        {.required = true, .min_size = 1, .max_size = 128}),
    field<&api::DeviceModelSpec::memory>("memory", "Size of its memory.",
                                         {.min = 0, .dimension = Dimension::bytes}),
    field<&api::DeviceModelSpec::usable_memory>("usableMemory",
                                                "Of its memory, what programs can have.",
                                                {.min = 0, .dimension = Dimension::bytes}),
    field<&api::DeviceModelSpec::per_machine>(
        "perMachine", "Devices in a machine that is built with it; 0 when unknown.",
        {.min = 0, .max = 1024}),
    field<&api::DeviceModelSpec::memory_bandwidth>("memoryBandwidth", "Rate of its memory.",
                                                   {.min = 0, .dimension = Dimension::bandwidth}),
    field<&api::DeviceModelSpec::peak>(
        "peak", "Peak dense rate by precision, such as bf16.",
        {.min = 0, .max_size = 16, .key_format = &api::dns_label, .dimension = Dimension::flops}),
    field<&api::DeviceModelSpec::form>("form", "SXM5, OAM, PCIe …", {.max_size = 63}),
    field<&api::DeviceModelSpec::memory_type>("memoryType", "HBM3 and the like.", {.max_size = 32}),
    field<&api::DeviceModelSpec::scale_up_technology>("scaleUpTechnology", "NVLink4 and the like.",
                                                      {.max_size = 63}),
    field<&api::DeviceModelSpec::scale_up_domain>("scaleUpDomain",
                                                  "Devices that share one domain; 0 when unknown.",
                                                  {.min = 0, .max = 65536}),
    field<&api::DeviceModelSpec::scale_up_links>(
        "scaleUpLinks", "Links of one device into its domain; 0 when unknown.",
        {.min = 0, .max = 1024}),
    field<&api::DeviceModelSpec::link_speed>("linkSpeed", "Of its PCI link, per lane: 32GT/s.",
                                             {.max_size = 16}),
    field<&api::DeviceModelSpec::link_width>("linkWidth", "Lanes of its PCI link; 0: unknown.",
                                             {.min = 0, .max = 64}),
    field<&api::DeviceModelSpec::scale_up_bandwidth>(
        "scaleUpBandwidth", "Rate to its peers in the scale-up domain, one direction.",
        {.min = 0, .dimension = Dimension::bandwidth}),
    field<&api::DeviceModelSpec::power>("power", "What it draws."),
    field<&api::DeviceModelSpec::compute_slices>(
        "computeSlices", "Slices of compute that partitions are cut from.", {.min = 0, .max = 64}),
    field<&api::DeviceModelSpec::memory_slices>(
        "memorySlices", "Slices of memory that partitions are cut from.", {.min = 0, .max = 64}),
    field<&api::DeviceModelSpec::partitions>("partitions", "Ways to split it.",
                                             {.max_size = 64, .list_key = "profile"}),
    field<&api::DeviceModelSpec::partitioning>(
        "partitioning", "Ways to split it that have no list, in its vendor's words.",
        {.max_size = 128}),
    field<&api::DeviceModelSpec::parts>("parts", "Parts of a machine.", {.max_size = 64}),
    field<&api::DeviceModelSpec::height>("height", "Rack units of a machine; 0 when unknown.",
                                         {.min = 0, .max = 100}),
    field<&api::DeviceModelSpec::weight_kg>("weightKg", "Weight of a machine; 0 when unknown.",
                                            {.min = 0, .max = 100000}),
    field<&api::DeviceModelSpec::matches>(
        "matches", "PCI ids such as 10de:2330, or names as machines report them.",
        {.max_size = 64, .set = true}),
    field<&api::DeviceModelSpec::sources>("sources", "Where the facts come from.",
                                          {.max_size = 32}));
template <>
inline constexpr auto table<api::DeviceModel> = object<api::DeviceModel>(
    "DeviceModel", "Facts of a model of accelerator, network interface, processor or machine.",
    field<&api::DeviceModel::metadata>("metadata", "Identity."),
    field<&api::DeviceModel::spec>("spec", "The facts.", {.required = true}));

template <>
inline constexpr auto table<api::Price> = object<api::Price>(
    "Price", "What an hour of something costs.",
    field<&api::Price::cls>(
        "class", "cpu (per core), memory (per GiB), or a device class such as gpu (per device).",
        {.required = true, .max_size = 32, .format = &api::priced_class}),
    field<&api::Price::model>("model", "Model that the price is for; empty for any other.",
                              {.max_size = 128}),
    field<&api::Price::price>(
        "price", "Price per hour.",
        {.required = true, .min = 0, .dimension = Dimension::money_per_hour}));
template <>
inline constexpr auto table<api::PriceBookSpec> =
    checked_object<api::PriceBookSpec, api::check_price_book>(
        "PriceBookSpec", "Prices of a site over a time; every amount is in one currency.",
        field<&api::PriceBookSpec::site>("site", "Site that it holds for; empty for every site.",
                                         {.max_size = 63, .format = &api::dns_label}),
        field<&api::PriceBookSpec::currency>(
            "currency", "ISO 4217 code of three letters.",
            {.required = true, .max_size = 3, .format = &api::currency}),
        field<&api::PriceBookSpec::valid_from>("validFrom", "First moment that it holds."),
        field<&api::PriceBookSpec::valid_until>("validUntil", "First moment that it does not."),
        field<&api::PriceBookSpec::prices>(
            "prices", "Prices; one that names a model goes before one that does not.",
            {.max_size = 1024}),
        field<&api::PriceBookSpec::energy_price>(
            "energyPrice", "Price of a kilowatt hour; absent: that of the site.",
            {.dimension = Dimension::money_per_energy}),
        field<&api::PriceBookSpec::storage_price>("storagePrice", "Price of a stored GB and month.",
                                                  {.min = 0,
                                                   .dimension = Dimension::money_per_bytes,
                                                   .later = "storage is not charged yet"}),
        field<&api::PriceBookSpec::wan_price>(
            "wanPrice", "Price of a GB sent to another site.",
            {.min = 0,
             .dimension = Dimension::money_per_bytes,
             .later = "traffic between sites is not charged yet"}));
template <>
inline constexpr auto table<api::PriceBook> = object<api::PriceBook>(
    "PriceBook", "What contracts cost.", field<&api::PriceBook::metadata>("metadata", "Identity."),
    field<&api::PriceBook::spec>("spec", "The prices.", {.required = true}));

template <>
inline constexpr auto table<api::Preemption> = enumeration<api::Preemption>(
    "Preemption", "Whom a contract may displace.",
    value(api::Preemption::never, "never", "Nobody."),
    value(api::Preemption::lower_priority, "lowerPriority", "Contracts of lower priority."));
template <>
inline constexpr auto table<api::PriorityClassSpec> =
    checked_object<api::PriorityClassSpec, api::check_priority_class>(
        "PriorityClassSpec", "Order, and who may displace whom.",
        field<&api::PriorityClassSpec::value>("value", "Higher comes first.",
                                              {.min = -1000000000, .max = 1000000000}),
        field<&api::PriorityClassSpec::preemption>("preemption",
                                                   "Whom it may displace; `never` is honoured."),
        field<&api::PriorityClassSpec::minimum_run_time>(
            "minimumRunTime", "How long a contract runs before it may be displaced.",
            {.later = "nothing is displaced yet"}),
        field<&api::PriorityClassSpec::notice>("notice",
                                               "How long before it is displaced it is told.",
                                               {.later = "nothing is displaced yet"}));
template <>
inline constexpr auto table<api::PriorityClass> = object<api::PriorityClass>(
    "PriorityClass", "An order among contracts.",
    field<&api::PriorityClass::metadata>("metadata", "Identity."),
    field<&api::PriorityClass::spec>("spec", "Order, and who may displace whom."));

}  // namespace freehold::schema
