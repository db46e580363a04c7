#include "sim/network.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"

namespace freehold::sim {

// One request on its way and back.
struct Network::Exchange {
  uint64_t id = 0, server_life = 0;
  std::string peer;
  Duration deadline;
  std::function<void(Result<http::Response>)> done;  // null: over
  std::weak_ptr<int> client;                         // expired: nobody waits
};

// One stream, both of its ends.
struct Network::Wire {
  uint64_t id = 0, server_life = 0;
  std::string peer;
  http::StreamEvents events;
  Duration last;  // when what was sent last arrives
  size_t queued = 0;
  bool client_gone = false, cut = false, finished = false, has_head = false;
  std::function<void()> drained, closed;
};

// ---- the client's side

class Network::Call final : public http::Call {
 public:
  Call(Network& network, std::shared_ptr<Wire> wire) : network_(network), wire_(std::move(wire)) {}
  ~Call() override {
    wire_->client_gone = true;
    wire_->events = {};
    network_.wires_.erase(wire_->id);
    network_.world_.after(network_.hop(), [&network = network_, wire = wire_] {
      if (auto closed = std::exchange(wire->closed, nullptr);
          closed && !wire->finished && wire->server_life == network.server_life_)
        closed();
    });
  }

 private:
  Network& network_;
  std::shared_ptr<Wire> wire_;
};

class Network::Door final : public http::Transport {
 public:
  Door(Network& network, http::Peer peer) : network_(network), peer_(std::move(peer)) {}
  void request(http::Request request, Duration timeout,
               std::function<void(Result<http::Response>)> done) override {
    auto exchange = std::make_shared<Exchange>();
    exchange->id = network_.next_id_++;
    exchange->peer = peer_.certificate_common_name;
    exchange->deadline = network_.world_.elapsed() + timeout;
    exchange->done = std::move(done);
    exchange->client = alive_;
    request.peer = peer_;
    network_.send(exchange, std::move(request));
  }
  std::unique_ptr<http::Call> stream(http::Request request, http::StreamEvents events) override {
    auto wire = std::make_shared<Wire>();
    wire->id = network_.next_id_++;
    wire->peer = peer_.certificate_common_name;
    wire->events = std::move(events);
    request.peer = peer_;
    network_.open(wire, std::move(request));
    return std::make_unique<Call>(network_, std::move(wire));
  }

 private:
  Network& network_;
  const http::Peer peer_;
  std::shared_ptr<int> alive_ = std::make_shared<int>();
};

// ---- the server's side

class Network::Stream final : public http::Stream {
 public:
  Stream(Network& network, std::shared_ptr<Wire> wire)
      : network_(network), wire_(std::move(wire)) {}
  ~Stream() override { finish(); }
  void send(http::Bytes chunk) override {
    if (closed() || !chunk) return;
    wire_->queued += chunk->size();
    network_.deliver(wire_, [chunk = std::move(chunk)](Wire& wire) {
      wire.queued -= chunk->size();
      // A copy: the callback may end the call, and with it itself.
      if (const auto on_data = wire.events.on_data) on_data(*chunk);
    });
    if (wire_->queued > limits::watch_queue_bytes) network_.cut(wire_);
  }
  void finish() override {
    if (closed() || std::exchange(wire_->finished, true)) return;
    network_.deliver(wire_, [](Wire& wire) {
      if (const auto on_end = std::exchange(wire.events.on_end, nullptr)) on_end({});
    });
  }
  void cut() override {
    if (closed()) return;
    wire_->closed = nullptr;
    network_.cut(wire_);
  }
  bool closed() const override {
    return wire_->cut || wire_->finished || wire_->client_gone ||
           wire_->server_life != network_.server_life_;
  }
  size_t queued_bytes() const override { return wire_->queued; }
  void on_drained(std::function<void()> handler) override {
    wire_->drained = std::move(handler);
    network_.deliver(wire_, [](Wire&) {});
  }
  void on_closed(std::function<void()> handler) override { wire_->closed = std::move(handler); }

 private:
  Network& network_;
  std::shared_ptr<Wire> wire_;
};

class Network::Responder final : public http::Responder {
 public:
  Responder(Network& network, std::shared_ptr<Exchange> exchange, std::shared_ptr<Wire> wire)
      : network_(network), exchange_(std::move(exchange)), wire_(std::move(wire)) {}
  ~Responder() override {
    if (!answered_) respond({500, {}, http::bytes("no answer")});
  }
  void respond(http::Response response) override {
    answered_ = true;
    if (exchange_) return network_.respond(exchange_, std::move(response));
    const http::Bytes body = std::exchange(response.body, nullptr);
    const auto stream = this->stream(std::move(response));
    if (body) stream->send(body);
  }
  std::shared_ptr<http::Stream> stream(http::Response head) override {
    answered_ = true;
    if (exchange_) {  // who asked for one answer gets one
      network_.respond(exchange_, {500, {}, http::bytes("a stream was not asked for")});
      return nullptr;
    }
    auto stream = std::make_shared<Stream>(network_, wire_);
    const http::Bytes body = std::exchange(head.body, nullptr);
    if (!stream->closed())
      network_.deliver(wire_, [head](Wire& wire) {
        wire.has_head = true;
        if (const auto on_head = wire.events.on_head) on_head(head);
      });
    if (body) stream->send(body);
    return stream;
  }

 private:
  Network& network_;
  std::shared_ptr<Exchange> exchange_;
  std::shared_ptr<Wire> wire_;
  bool answered_ = false;
};

// ---- the way between

Duration Network::hop() {
  Random& random = world_.random();
  if (random.percent(faults_.late_percent))
    return microseconds(random.in(10'000, faults_.latest.us));
  return microseconds(random.in(100, 5'000));
}

std::unique_ptr<http::Transport> Network::connect(http::Peer peer) {
  return std::make_unique<Door>(*this, std::move(peer));
}

void Network::finish(const std::shared_ptr<Exchange>& exchange, Result<http::Response> result) {
  exchanges_.erase(exchange->id);
  if (exchange->client.expired()) return;
  if (const auto done = std::exchange(exchange->done, nullptr)) done(std::move(result));
}

void Network::send(const std::shared_ptr<Exchange>& exchange, http::Request request) {
  Random& random = world_.random();
  const Error lost{Reason::timeout, "the connection was lost, the outcome is not known"};
  world_.after(exchange->deadline - world_.elapsed(),
               [this, exchange, lost] { finish(exchange, lost); });
  if (!reaches(exchange->peer)) {
    // Refused at once, or no answer at all.
    if (random.percent(50))
      world_.after(hop(), [this, exchange] {
        finish(exchange, Error{Reason::unavailable, "cannot connect"});
      });
    return;
  }
  if (random.percent(faults_.lost_percent)) return;
  world_.after(hop(), [this, exchange, lost, request = std::move(request)]() mutable {
    if (!reaches(exchange->peer)) return finish(exchange, lost);
    exchange->server_life = server_life_;
    exchanges_[exchange->id] = exchange;
    handler_->handle(std::move(request), std::make_unique<Responder>(*this, exchange, nullptr));
  });
}

void Network::respond(const std::shared_ptr<Exchange>& exchange, http::Response response) {
  if (exchange->server_life != server_life_) return;  // said by a dead server
  if (!reaches(exchange->peer) || world_.random().percent(faults_.lost_percent)) return;
  world_.after(hop(),
               [this, exchange, response = std::move(response)] { finish(exchange, response); });
}

void Network::open(const std::shared_ptr<Wire>& wire, http::Request request) {
  Random& random = world_.random();
  world_.after(seconds(limits::body_timeout_s), [this, wire] {
    if (!wire->has_head) cut(wire);
  });
  if (!reaches(wire->peer)) {
    if (random.percent(50)) cut(wire);
    return;
  }
  if (random.percent(faults_.lost_percent)) return;
  if (random.percent(faults_.broken_streams_percent))
    world_.after(milliseconds(random.in(1, 60'000)), [this, wire] { cut(wire); });
  world_.after(hop(), [this, wire, request = std::move(request)]() mutable {
    if (wire->client_gone || wire->cut) return;
    if (!reaches(wire->peer)) return cut(wire);
    wire->server_life = server_life_;
    wires_[wire->id] = wire;
    handler_->handle(std::move(request), std::make_unique<Responder>(*this, nullptr, wire));
  });
}

// In order, each not before the one before it.
void Network::deliver(const std::shared_ptr<Wire>& wire, std::function<void(Wire&)> what) {
  wire->last = std::max(wire->last + microseconds(1), world_.elapsed() + hop());
  world_.after(wire->last - world_.elapsed(), [this, wire, what = std::move(what)] {
    if (wire->cut || wire->client_gone) return;
    what(*wire);
    if (wire->queued > 0 || wire->server_life != server_life_) return;
    if (const auto drained = std::exchange(wire->drained, nullptr)) drained();
  });
}

void Network::cut(const std::shared_ptr<Wire>& wire) {
  if (std::exchange(wire->cut, true)) return;
  wires_.erase(wire->id);
  Random& random = world_.random();
  // Each end notices in its own time.
  world_.after(milliseconds(random.in(0, random.percent(70) ? 50 : 20'000)), [wire] {
    const auto end = std::exchange(wire->events.on_end, nullptr);
    if (end && !wire->client_gone) end(Error{Reason::unavailable, "the stream was cut"});
  });
  world_.after(milliseconds(random.in(0, random.percent(70) ? 50 : 20'000)), [this, wire] {
    const auto closed = std::exchange(wire->closed, nullptr);
    if (closed && !wire->finished && wire->server_life == server_life_) closed();
  });
}

void Network::server_down() {
  handler_ = nullptr;
  ++server_life_;
  const auto wires = std::exchange(wires_, {});
  for (const auto& [id, weak] : wires)
    if (const auto wire = weak.lock()) cut(wire);
  const auto exchanges = std::exchange(exchanges_, {});
  for (const auto& [id, weak] : exchanges) {
    const auto exchange = weak.lock();
    if (!exchange || !world_.random().percent(80)) continue;  // the rest waits for its deadline
    world_.after(hop(), [this, exchange] {
      finish(exchange, Error{Reason::timeout, "the server went away"});
    });
  }
}

void Network::cut_off(const std::string& peer) {
  away_.insert(peer);
  const auto wires = wires_;
  for (const auto& [id, weak] : wires)
    if (const auto wire = weak.lock(); wire && wire->peer == peer) cut(wire);
}

}  // namespace freehold::sim
