// The schema tables of storage.h.
#pragma once

#include "api/meta_table.h"
#include "api/storage.h"
#include "schema/table.h"

namespace freehold::schema {

template <>
inline constexpr auto table<api::StorageCommitment> = object<api::StorageCommitment>(
    "StorageCommitment", "A part of a pool that is promised already.",
    field<&api::StorageCommitment::name>(
        "name", "Who holds it, unique in the pool.",
        {.required = true, .max_size = 253, .format = &api::dns_subdomain}),
    field<&api::StorageCommitment::capacity>("capacity", "Size of it.",
                                             {.min = 0, .dimension = Dimension::bytes}),
    field<&api::StorageCommitment::read_throughput>("readThroughput", "Reading rate of it.",
                                                    {.min = 0, .dimension = Dimension::bandwidth}),
    field<&api::StorageCommitment::write_throughput>(
        "writeThroughput", "Writing rate of it.", {.min = 0, .dimension = Dimension::bandwidth}));
template <>
inline constexpr auto table<api::StoragePoolSpec> = object<api::StoragePoolSpec>(
    "StoragePoolSpec", "What a pool delivers, and to whom.",
    field<&api::StoragePoolSpec::site>(
        "site", "Site it stands in.",
        {.required = true, .max_size = 63, .format = &api::dns_label}),
    field<&api::StoragePoolSpec::fabric>("fabric", "Fabric that reaches it.",
                                         {.max_size = 63, .format = &api::dns_label}),
    field<&api::StoragePoolSpec::technology>("technology", "nvme-of, lustre, nfs, s3 …",
                                             {.max_size = 63}),
    field<&api::StoragePoolSpec::capacity>("capacity", "Size.",
                                           {.min = 0, .dimension = Dimension::bytes}),
    field<&api::StoragePoolSpec::read_throughput>("readThroughput", "Reading rate, all together.",
                                                  {.min = 0, .dimension = Dimension::bandwidth}),
    field<&api::StoragePoolSpec::write_throughput>("writeThroughput", "Writing rate, all together.",
                                                   {.min = 0, .dimension = Dimension::bandwidth}),
    field<&api::StoragePoolSpec::read_iops>(
        "readIops", "Reading operations per second; 0 when unknown.", {.min = 0}),
    field<&api::StoragePoolSpec::write_iops>(
        "writeIops", "Writing operations per second; 0 when unknown.", {.min = 0}),
    field<&api::StoragePoolSpec::nodes>(
        "nodes", "Nodes that serve it.",
        {.max_size = 1024, .format = &api::dns_subdomain, .set = true}),
    field<&api::StoragePoolSpec::commitments>("commitments", "What is promised already.",
                                              {.max_size = 1024, .list_key = "name"}));
template <>
inline constexpr auto table<api::StoragePoolStatus> = object<api::StoragePoolStatus>(
    "StoragePoolStatus", "What was seen of a pool.",
    field<&api::StoragePoolStatus::conditions>("conditions", "Observed facts.",
                                               {.max_size = 32, .list_key = "type"}));
template <>
inline constexpr auto table<api::StoragePool> =
    checked_object<api::StoragePool, api::check_storage_pool>(
        "StoragePool", "Disks that several machines share.",
        field<&api::StoragePool::metadata>("metadata", "Identity."),
        field<&api::StoragePool::spec>("spec", "What it delivers.", {.required = true}),
        field<&api::StoragePool::status>("status", "What was seen."));

}  // namespace freehold::schema
