#include "provider/redfish/connect.h"

#include "http/address.h"

namespace freehold::provider::redfish {

Result<std::unique_ptr<Connection>> Connection::open(Target target) {
  const http::Url url = TRY(http::parse_url(target.url));
  if (url.scheme != http::Scheme::https)
    return Error{Reason::invalid, "url \"" + target.url +
                                      "\": a management controller is spoken to over https only"};
  auto out = std::make_unique<Connection>();
  http::ClientOptions options;
  options.url = target.url;
  options.ca_pem = std::move(target.ca_pem);
  options.certificate_sha256 = std::move(target.certificate_sha256);
  options.is_unverified = target.is_unverified;
  options.connections = static_cast<int>(limits::connections);
  out->transport_ = TRY(http::connect(out->loop_, std::move(options)));
  out->client_ =
      std::make_unique<Client>(out->loop_, *out->transport_,
                               ClientOptions{.authority = url.authority,
                                             .credentials = std::move(target.credentials),
                                             .timeout = target.timeout});
  return out;
}

}  // namespace freehold::provider::redfish
