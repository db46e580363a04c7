// The schema tables of site.h.
#pragma once

#include "api/meta_table.h"
#include "api/reading_table.h"
#include "api/site.h"
#include "schema/table.h"

namespace freehold::schema {

template <>
inline constexpr auto table<api::SiteType> = enumeration<api::SiteType>(
    "SiteType", "What kind of place a site is.",
    value(api::SiteType::datacenter, "datacenter", "An own or rented machine hall."),
    value(api::SiteType::cloud, "cloud", "Machines of a cloud provider."),
    value(api::SiteType::edge, "edge", "A few machines outside of a machine hall."));
template <>
inline constexpr auto table<api::Jurisdiction> = object<api::Jurisdiction>(
    "Jurisdiction", "Whose law holds at a site.",
    field<&api::Jurisdiction::country>("country", "ISO 3166-1 code of two letters.",
                                       {.required = true, .max_size = 2, .format = &api::country}),
    field<&api::Jurisdiction::subdivision>("subdivision", "State, land or canton, ISO 3166-2.",
                                           {.max_size = 6}),
    field<&api::Jurisdiction::regimes>(
        "regimes", "Bodies of law that hold here, such as EU; a contract may ask for them.",
        {.max_size = 32, .set = true}));
template <>
inline constexpr auto table<api::Location> = object<api::Location>(
    "Location", "A point on the map.",
    field<&api::Location::latitude>("latitude", "Degrees north.",
                                    {.max_size = 24, .format = &api::latitude}),
    field<&api::Location::longitude>("longitude", "Degrees east.",
                                     {.max_size = 24, .format = &api::longitude}));
template <>
inline constexpr auto table<api::SiteLink> = object<api::SiteLink>(
    "SiteLink", "How well and at what price another site is reached.",
    field<&api::SiteLink::site>("site", "The other site.",
                                {.required = true, .max_size = 63, .format = &api::dns_label}),
    field<&api::SiteLink::bandwidth>("bandwidth", "Rate of the link.",
                                     {.min = 0, .dimension = Dimension::bandwidth}),
    field<&api::SiteLink::latency>("latency", "Time of a round trip.",
                                   {.min = 0, .dimension = Dimension::duration}),
    field<&api::SiteLink::price_per_gb>("pricePerGb", "What traffic to the other site costs.",
                                        {.min = 0, .dimension = Dimension::money_per_bytes}));
template <>
inline constexpr auto table<api::CoolingType> = enumeration<api::CoolingType>(
    "CoolingType", "What carries the heat away.", value(api::CoolingType::air, "air", "Air."),
    value(api::CoolingType::liquid, "liquid", "A liquid."));
template <>
inline constexpr auto table<api::CoolingUnit> = object<api::CoolingUnit>(
    "CoolingUnit", "A unit that carries heat away.",
    field<&api::CoolingUnit::name>("name", "Unique in the site.",
                                   {.required = true, .max_size = 63, .format = &api::dns_label}),
    field<&api::CoolingUnit::type>("type", "What carries the heat away."),
    field<&api::CoolingUnit::capacity>("capacity", "Heat that it can carry away.",
                                       {.min = 0, .dimension = Dimension::power}),
    field<&api::CoolingUnit::supplied_by>("suppliedBy", "The unit behind it.",
                                          {.max_size = 63, .format = &api::dns_label}));
template <>
inline constexpr auto table<api::SiteSpec> = object<api::SiteSpec>(
    "SiteSpec", "What a site is.", field<&api::SiteSpec::type>("type", "What kind of place it is."),
    field<&api::SiteSpec::jurisdiction>("jurisdiction", "Whose law holds here.",
                                        {.required = true}),
    field<&api::SiteSpec::operator_name>("operator", "LegalEntity that runs the site.",
                                         {.max_size = 253, .format = &api::dns_subdomain}),
    field<&api::SiteSpec::owner>("owner", "LegalEntity that owns the machines.",
                                 {.max_size = 253, .format = &api::dns_subdomain}),
    field<&api::SiteSpec::location>("location", "Where it is."),
    field<&api::SiteSpec::power_domain>("powerDomain", "PowerDomain that feeds the whole site.",
                                        {.max_size = 63, .format = &api::dns_label}),
    field<&api::SiteSpec::pue>(
        "pue", "Power of the whole site over power of its machines; energy is charged with it.",
        {.min = 1, .max = 10}),
    field<&api::SiteSpec::energy_price>("energyPrice", "What a kilowatt hour costs here.",
                                        {.dimension = Dimension::money_per_energy}),
    field<&api::SiteSpec::energy_price_series>("energyPriceSeries",
                                               "What a kilowatt hour costs, hour by hour.",
                                               {.max_size = 168,
                                                .dimension = Dimension::money_per_energy,
                                                .later = "one `energyPrice` holds for every hour"}),
    field<&api::SiteSpec::carbon_intensity_grams_per_kwh>(
        "carbonIntensityGramsPerKwh", "Grams of CO2 per kilowatt hour; 0 when unknown.",
        {.min = 0, .max = 10000}),
    field<&api::SiteSpec::links>("links", "Wide-area links to other sites.",
                                 {.max_size = 256, .list_key = "site"}),
    field<&api::SiteSpec::cooling>("cooling", "What carries heat away.",
                                   {.max_size = 256, .list_key = "name"}));
template <>
inline constexpr auto table<api::SiteStatus> = object<api::SiteStatus>(
    "SiteStatus", "What was seen of a site.",
    field<&api::SiteStatus::conditions>("conditions", "Observed facts.",
                                        {.max_size = 32, .list_key = "type"}));
template <>
inline constexpr auto table<api::Site> = checked_object<api::Site, api::check_site>(
    "Site", "A place under one jurisdiction, with machines in it.",
    field<&api::Site::metadata>("metadata", "Identity."),
    field<&api::Site::spec>("spec", "What it is.", {.required = true}),
    field<&api::Site::status>("status", "What was seen."));

template <>
inline constexpr auto table<api::Cooling> = object<api::Cooling>(
    "Cooling", "How heat leaves a rack.",
    field<&api::Cooling::type>("type", "What carries the heat away."),
    field<&api::Cooling::limit>("limit", "Heat that it can carry away.",
                                {.min = 0, .dimension = Dimension::power}),
    field<&api::Cooling::unit>("unit", "Cooling unit of the site that serves it.",
                               {.max_size = 63, .format = &api::dns_label}));
template <>
inline constexpr auto table<api::RackSpec> = object<api::RackSpec>(
    "RackSpec", "Where a rack stands and what it can carry.",
    field<&api::RackSpec::site>(
        "site", "Site it stands in.",
        {.required = true, .immutable = true, .max_size = 63, .format = &api::dns_label}),
    field<&api::RackSpec::room>("room", "Room or hall.", {.max_size = 63}),
    field<&api::RackSpec::row>("row", "Row in the room.", {.max_size = 63}),
    field<&api::RackSpec::position>("position", "Place in the row.", {.max_size = 63}),
    field<&api::RackSpec::units>("units", "Height in rack units.", {.min = 1, .max = 100}),
    field<&api::RackSpec::feeds>("feeds", "PowerDomains that feed it.",
                                 {.max_size = 8, .format = &api::dns_label, .set = true}),
    field<&api::RackSpec::cooling>("cooling", "How heat leaves it."),
    field<&api::RackSpec::weight_limit_kg>(
        "weightLimitKg", "Weight that it and the floor can carry; 0 when unknown.",
        {.min = 0, .max = 100000}));
template <>
inline constexpr auto table<api::RackStatus> = object<api::RackStatus>(
    "RackStatus", "What was seen of a rack.",
    field<&api::RackStatus::conditions>("conditions", "Observed facts.",
                                        {.max_size = 32, .list_key = "type"}));
template <>
inline constexpr auto table<api::Rack> = checked_object<api::Rack, api::check_rack>(
    "Rack", "A rack of a site.", field<&api::Rack::metadata>("metadata", "Identity."),
    field<&api::Rack::spec>("spec", "Where it stands and what it can carry.", {.required = true}),
    field<&api::Rack::status>("status", "What was seen."));

template <>
inline constexpr auto table<api::PowerDomainType> = enumeration<api::PowerDomainType>(
    "PowerDomainType", "What a power domain is.",
    value(api::PowerDomainType::pdu, "pdu", "A distribution unit."),
    value(api::PowerDomainType::utility, "utility", "The feed of the grid."),
    value(api::PowerDomainType::generator, "generator", "A generator."),
    value(api::PowerDomainType::ups, "ups", "An uninterruptible supply."),
    value(api::PowerDomainType::busway, "busway", "A bus bar."),
    value(api::PowerDomainType::rack, "rack", "All of a rack."),
    value(api::PowerDomainType::shelf, "shelf", "A power shelf in a rack."));
template <>
inline constexpr auto table<api::PowerBasis> = enumeration<api::PowerBasis>(
    "PowerBasis", "Where a number of watts comes from.",
    value(api::PowerBasis::unknown, "unknown", "There is none."),
    value(api::PowerBasis::nameplate, "nameplate", "The sum of what the plates say."),
    value(api::PowerBasis::model, "model", "A power model."),
    value(api::PowerBasis::measured, "measured", "A meter."),
    value(api::PowerBasis::capped, "capped", "A limit that is enforced."));
template <>
inline constexpr auto table<api::SuppliedBy> = object<api::SuppliedBy>(
    "SuppliedBy", "The domains behind a domain, of which some number must be up.",
    field<&api::SuppliedBy::required>("required", "How many of them must be up.",
                                      {.min = 1, .max = 64}),
    field<&api::SuppliedBy::domains>("domains", "PowerDomains; none at the root.",
                                     {.max_size = 64, .format = &api::dns_label, .set = true}));
template <>
inline constexpr auto table<api::PowerDomainSpec> = object<api::PowerDomainSpec>(
    "PowerDomainSpec", "What a power domain can deliver.",
    field<&api::PowerDomainSpec::type>("type", "What it is."),
    field<&api::PowerDomainSpec::site>(
        "site", "Site it belongs to.",
        {.required = true, .max_size = 63, .format = &api::dns_label}),
    field<&api::PowerDomainSpec::capacity>(
        "capacity", "Power that it can deliver all the time.",
        {.required = true, .min = 0, .dimension = Dimension::power}),
    field<&api::PowerDomainSpec::supplied_by>("suppliedBy", "The domains behind it."));
template <>
inline constexpr auto table<api::PowerDomainStatus> = object<api::PowerDomainStatus>(
    "PowerDomainStatus", "What was seen of a power domain.",
    field<&api::PowerDomainStatus::load>("load", "Power that it delivers.",
                                         {.min = 0, .dimension = Dimension::power}),
    field<&api::PowerDomainStatus::basis>("basis", "Where the number comes from."),
    field<&api::PowerDomainStatus::headroom>("headroom",
                                             "What is left with any one other feed failed.",
                                             {.dimension = Dimension::power}),
    field<&api::PowerDomainStatus::meter>("meter", "What its own meter says; part of `load`."),
    field<&api::PowerDomainStatus::conditions>("conditions", "Observed facts.",
                                               {.max_size = 32, .list_key = "type"}));
template <>
inline constexpr auto table<api::PowerDomain> =
    checked_object<api::PowerDomain, api::check_power_domain>(
        "PowerDomain", "Something that delivers power and has a limit.",
        field<&api::PowerDomain::metadata>("metadata", "Identity."),
        field<&api::PowerDomain::spec>("spec", "What it can deliver.", {.required = true}),
        field<&api::PowerDomain::status>("status", "What was seen."));

template <>
inline constexpr auto table<api::FabricKind> = enumeration<api::FabricKind>(
    "FabricKind", "What a fabric is for.",
    value(api::FabricKind::data, "data", "Ordinary traffic between nodes."),
    value(api::FabricKind::wan, "wan", "Traffic between sites."),
    value(api::FabricKind::pcie, "pcie", "PCI Express beyond one machine."),
    value(api::FabricKind::rdma, "rdma", "RDMA between nodes."),
    value(api::FabricKind::scale_up, "scale-up", "Load and store between accelerators."),
    value(api::FabricKind::storage, "storage", "Traffic to storage."));
template <>
inline constexpr auto table<api::FabricIsolation> = enumeration<api::FabricIsolation>(
    "FabricIsolation", "What can keep tenants apart on a fabric.",
    value(api::FabricIsolation::none, "none", "Nothing."),
    value(api::FabricIsolation::vlan, "vlan", "VLANs."),
    value(api::FabricIsolation::vxlan, "vxlan", "VXLAN segments."),
    value(api::FabricIsolation::vrf, "vrf", "Routing tables of their own."),
    value(api::FabricIsolation::pkey, "pkey", "InfiniBand partition keys."),
    value(api::FabricIsolation::nvlink_partition, "nvlink-partition", "NVLink partitions."));
template <>
inline constexpr auto table<api::FabricTier> = object<api::FabricTier>(
    "FabricTier", "One level of a tree of switches, nearest to the nodes first.",
    field<&api::FabricTier::name>("name", "Name of the level, such as leaf.",
                                  {.required = true, .max_size = 63, .format = &api::dns_label}),
    field<&api::FabricTier::bandwidth>("bandwidth", "Rate of one link of this level.",
                                       {.min = 0, .dimension = Dimension::bandwidth}),
    field<&api::FabricTier::oversubscription>("oversubscription",
                                              "Capacity towards the nodes over capacity upwards.",
                                              {.min = 0, .max = 1000}));
template <>
inline constexpr auto table<api::FabricSwitch> = object<api::FabricSwitch>(
    "FabricSwitch", "A switch.",
    field<&api::FabricSwitch::name>("name", "Unique in the fabric.",
                                    {.required = true, .max_size = 253}),
    field<&api::FabricSwitch::tier>("tier", "Level it belongs to.", {.max_size = 63}),
    field<&api::FabricSwitch::rack>("rack", "Rack it stands in.",
                                    {.max_size = 63, .format = &api::dns_label}),
    field<&api::FabricSwitch::identity>("identity", "GUID or serial number.", {.max_size = 128}),
    field<&api::FabricSwitch::nodes>(
        "nodes", "Nodes that hang on it.",
        {.max_size = 1024, .format = &api::dns_subdomain, .set = true}));
template <>
inline constexpr auto table<api::FabricLink> = object<api::FabricLink>(
    "FabricLink", "A cable, or several that act as one.",
    field<&api::FabricLink::from>("from",
                                  "Switch at one end; that of another fabric as `fabric/switch`.",
                                  {.required = true, .max_size = 253}),
    field<&api::FabricLink::to>("to",
                                "Switch or node at the other end; that of another fabric as above.",
                                {.required = true, .max_size = 253}),
    field<&api::FabricLink::count>("count", "Cables that are bundled.", {.min = 1, .max = 1024}),
    field<&api::FabricLink::bandwidth>("bandwidth", "Rate of all of them in one direction, now.",
                                       {.min = 0, .dimension = Dimension::bandwidth}),
    field<&api::FabricLink::maximum>("maximum", "Rate that all of them should have.",
                                     {.min = 0, .dimension = Dimension::bandwidth}));
template <>
inline constexpr auto table<api::FabricAdapter> = object<api::FabricAdapter>(
    "FabricAdapter", "A port of a machine on a switch.",
    field<&api::FabricAdapter::identity>("identity", "Port GUID, unique in the fabric.",
                                         {.required = true, .min_size = 1, .max_size = 128}),
    field<&api::FabricAdapter::node>("node", "Machine that it belongs to.",
                                     {.max_size = 253, .format = &api::dns_subdomain}),
    field<&api::FabricAdapter::device>("device", "Id of the device in the machine.",
                                       {.max_size = 63}),
    field<&api::FabricAdapter::description>("description", "As the fabric tells it.",
                                            {.max_size = 128}),
    field<&api::FabricAdapter::at>("switch", "Switch that it hangs on.",
                                   {.required = true, .max_size = 253}),
    field<&api::FabricAdapter::port>("port", "Port of the switch; 0 when unknown.",
                                     {.min = 0, .max = 65535}),
    field<&api::FabricAdapter::bandwidth>("bandwidth", "Rate that it runs at.",
                                          {.min = 0, .dimension = Dimension::bandwidth}),
    field<&api::FabricAdapter::is_aggregation>(
        "aggregation", "Whether it is a reduction unit inside of a switch, and no machine."));
template <>
inline constexpr auto table<api::FabricSpec> = object<api::FabricSpec>(
    "FabricSpec", "What a fabric consists of.",
    field<&api::FabricSpec::kind>("kind", "What it is for."),
    field<&api::FabricSpec::site>("site", "Site it belongs to; empty for a wide-area network.",
                                  {.max_size = 63, .format = &api::dns_label}),
    field<&api::FabricSpec::technology>(
        "technology", "ethernet, infiniband, roce, efa, nvlink, xgmi, cxl …", {.max_size = 63}),
    field<&api::FabricSpec::tiers>("tiers", "Levels of switches, nearest to the nodes first.",
                                   {.max_size = 8, .list_key = "name"}),
    field<&api::FabricSpec::switches>("switches", "Switches, where they are known one by one.",
                                      {.max_size = 2048, .list_key = "name"}),
    field<&api::FabricSpec::links>("links", "Links, where they are known one by one.",
                                   {.max_size = 4096}),
    field<&api::FabricSpec::adapters>("adapters",
                                      "Ports of machines, where they are known one by one.",
                                      {.max_size = 2048, .list_key = "identity"}),
    field<&api::FabricSpec::isolation>("isolation", "What can keep tenants apart on it."),
    field<&api::FabricSpec::rails>("rails", "Planes that run side by side.",
                                   {.min = 1, .max = 64}));
template <>
inline constexpr auto table<api::FabricStatus> = object<api::FabricStatus>(
    "FabricStatus", "What was seen of a fabric.",
    field<&api::FabricStatus::conditions>("conditions", "Observed facts.",
                                          {.max_size = 32, .list_key = "type"}));
template <>
inline constexpr auto table<api::Fabric> = checked_object<api::Fabric, api::check_fabric>(
    "Fabric", "A network of a site, or between sites.",
    field<&api::Fabric::metadata>("metadata", "Identity."),
    field<&api::Fabric::spec>("spec", "What it consists of.", {.required = true}),
    field<&api::Fabric::status>("status", "What was seen."));

}  // namespace freehold::schema
