// Power, racks and machines in sentences, for tests of the facility:
//
//   grid_of("utility u 100kW; ups a 50kW from u; pdu p 20kW from 1 of a, u; rack r1 on p, q; node
//   n1 in r1 at 3 high 8 draws 4kW on p 60 shift, q 40 off")
//
// A domain is `TYPE NAME [CAPACITY] [from [K of] NAMES]`. A node's clauses may come in any order.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/strings.h"
#include "fleet/facility/estate.h"

namespace freehold::fleet::testing {

inline Quantity quantity_of(std::string_view text, Dimension dimension) {
  auto quantity = Quantity::parse(text, dimension);
  CHECK(quantity.ok(), text);
  return *quantity;
}

// Keeps the objects that its estate points to.
struct Grid {
  std::deque<api::Object> objects;
  facility::Estate estate;

  template <class T>
  T& add(T object) {
    objects.push_back(api::Object::of(std::move(object)));
    estate.put(objects.back());
    return *objects.back().as<T>();
  }
  template <class T>
  T& edit(std::string_view name) {
    for (api::Object& object : objects)
      if (T* found = object.as<T>(); found != nullptr && found->metadata.name == name)
        return *found;
    CHECK(false, name);
    return *objects.front().as<T>();
  }
};

namespace grid {

using Words = std::vector<std::string_view>;

inline api::PowerDomainType domain_type(std::string_view word) {
  for (const schema::EnumInfo& info : schema::type_of<api::PowerDomainType>.values)
    if (info.name == word) return static_cast<api::PowerDomainType>(info.value);
  CHECK(false, word);
  return {};
}

inline api::Lifecycle lifecycle(std::string_view word) {
  for (const schema::EnumInfo& info : schema::type_of<api::Lifecycle>.values)
    if (info.name == word) return static_cast<api::Lifecycle>(info.value);
  CHECK(false, word);
  return {};
}

inline void add_domain(Grid& grid, const Words& words) {
  api::PowerDomain domain;
  domain.metadata.name = words[1];
  domain.spec.site = "s";
  domain.spec.type = domain_type(words[0]);
  size_t at = 2;
  if (at < words.size() && words[at] != "from")
    domain.spec.capacity = quantity_of(words[at++], Dimension::power);
  if (at < words.size()) ++at;  // from
  if (at + 1 < words.size() && words[at + 1] == "of") {
    domain.spec.supplied_by.required = *parse_int(words[at]);
    at += 2;
  }
  for (; at < words.size(); ++at) domain.spec.supplied_by.domains.emplace_back(words[at]);
  grid.add(std::move(domain));
}

inline void add_rack(Grid& grid, const Words& words) {
  api::Rack rack;
  rack.metadata.name = words[1];
  rack.spec.site = "s";
  for (size_t i = 2; i < words.size(); ++i) {
    if (words[i] == "on") {
      for (++i; i < words.size(); ++i) rack.spec.feeds.emplace_back(words[i]);
    } else if (words[i] == "row") {
      rack.spec.row = words[++i];
    } else if (words[i] == "place") {
      rack.spec.position = words[++i];
    } else if (words[i] == "units") {
      rack.spec.units = *parse_int(words[++i]);
    } else if (words[i] == "carries") {  // kilograms
      rack.spec.weight_limit_kg = *parse_int(words[++i]);
    } else if (words[i] == "cools") {
      rack.spec.cooling.limit = quantity_of(words[++i], Dimension::power);
    } else {
      CHECK(false, words[i]);
    }
  }
  grid.add(std::move(rack));
}

inline void add_feeds(api::Node& node, const Words& words, size_t i) {
  while (i < words.size()) {
    api::Feed& feed = node.spec.feeds.emplace_back();
    feed.domain = words[i++];
    if (i < words.size())
      if (const auto share = parse_int(words[i])) {
        feed.share_percent = *share;
        ++i;
      }
    if (i < words.size() && (words[i] == "shift" || words[i] == "cap" || words[i] == "off")) {
      feed.on_failure = words[i] == "cap"   ? api::FeedFailure::cap
                        : words[i] == "off" ? api::FeedFailure::off
                                            : api::FeedFailure::shift;
      ++i;
    }
  }
}

inline void add_node(Grid& grid, const Words& words) {
  api::Node node;
  node.metadata.name = words[1];
  for (size_t i = 2; i + 1 < words.size(); i += 2) {
    if (words[i] == "in") {
      node.spec.rack = words[i + 1];
    } else if (words[i] == "at") {
      node.spec.unit = *parse_int(words[i + 1]);
    } else if (words[i] == "high") {
      node.spec.height = *parse_int(words[i + 1]);
    } else if (words[i] == "plate") {
      node.spec.nameplate = quantity_of(words[i + 1], Dimension::power);
    } else if (words[i] == "draws") {
      node.status.power.measured = quantity_of(words[i + 1], Dimension::power);
    } else if (words[i] == "limit") {
      node.status.power.limit = quantity_of(words[i + 1], Dimension::power);
    } else if (words[i] == "is") {
      node.spec.expected_model = words[i + 1];
    } else if (words[i] == "life") {
      node.spec.lifecycle = lifecycle(words[i + 1]);
    } else if (words[i] == "site") {
      node.spec.site = words[i + 1];
    } else {
      CHECK(words[i] == "on", words[i]);
      add_feeds(node, words, i + 1);
      break;
    }
  }
  grid.add(std::move(node));
}

}  // namespace grid

inline Grid grid_of(std::string_view text) {
  Grid out;
  for (const std::string_view sentence : split(text, ';')) {
    grid::Words words;
    std::string plain(sentence);
    for (char& c : plain)
      if (c == ',' || c == '\n') c = ' ';
    for (const std::string_view word : split(plain, ' '))
      if (!word.empty()) words.push_back(word);
    if (words.empty()) continue;
    CHECK(words.size() >= 2, sentence);
    if (words[0] == "rack" && words.size() > 2 && parse_int(words[2].substr(0, 1)))
      grid::add_domain(out, words);  // "rack r1-all 20kW": a domain of type rack has a capacity
    else if (words[0] == "rack")
      grid::add_rack(out, words);
    else if (words[0] == "node")
      grid::add_node(out, words);
    else
      grid::add_domain(out, words);
  }
  return out;
}

}  // namespace freehold::fleet::testing
