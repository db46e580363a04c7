// Request bodies in Kubernetes' protobuf: typed clients send built-in kinds so. There is no
// generated code: the tables' `proto` numbers say which field is which. Answers are always JSON, so
// nothing is written here.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "schema/schema.h"
#include "schema/walk.h"

namespace freehold::schema {

// The envelope: the bytes `k8s\0`, then a runtime.Unknown.
struct ProtobufEnvelope {
  std::string api_version, kind;
  std::string_view message;  // into the body
};
// `bad_request` when the body is no envelope; `unsupported_media_type` when what it holds is
// encoded in another way.
Result<ProtobufEnvelope> open_protobuf(std::string_view body);

// Fills `out`, which holds defaults, as read() does. Upstream writes zeros of all fields that are
// no pointers: those count as absent, unless the table says `proto_pointer`. Unknown fields that
// say anything are named by number, `metadata.#4`. `bad_request` when the bytes are no message.
//
// Special messages, from apimachinery: Time and MicroTime {seconds 1, nanos 2}, Duration
// {nanoseconds 1}, Quantity {text 1}, and for free-form values RawExtension and FieldsV1 {JSON 1}
// or IntOrString {type 1, int 2, string 3}.
Result<ReadOutcome> read_protobuf(const TypeInfo&, void* out, std::string_view message,
                                  Errors& errors);

}  // namespace freehold::schema
