#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "net/http_server.h"
#include "net/transport.h"

namespace roost::net {

struct SslDeleter {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using Ssl = std::unique_ptr<SSL, SslDeleter>;
using SslContext = std::unique_ptr<SSL_CTX, SslDeleter>;

/// The certificates of a server, and how it speaks TLS: versions 1.2 and 1.3, forward secrecy only, ALPN with "h2"
/// before "http/1.1", no renegotiation, no early data. Threads: every method may be called from any thread.
class TlsCredentials {
 public:
  /// InvalidArgument, naming the file, where one cannot be read, is no PEM, has an encrypted key, or where key and
  /// certificate do not belong together.
  static absl::StatusOr<std::unique_ptr<TlsCredentials>> Load(const TlsOptions& options);

  /// Reads the files again for the connections to come; after an error the ones before stay in use.
  absl::Status Reload();

  /// The server's side of a new connection.
  Ssl NewConnection();

 private:
  TlsCredentials(TlsOptions options, SslContext context) : options_(std::move(options)), context_(std::move(context)) {}

  const TlsOptions options_;
  std::mutex mutex_;
  SslContext context_;  // guarded by mutex_; never changed itself
};

/// Bytes under TLS by OpenSSL. Records are made when the socket has taken the ones before, so that little waits twice.
class TlsTransport final : public Transport {
 public:
  TlsTransport(FileDescriptor fd, Ssl ssl);

  size_t Read(std::span<char> buffer) override;
  bool Write(OutputQueue& output) override;
  size_t unsent() const override;
  void EndWriting() override;
  bool is_established() const override { return SSL_is_init_finished(ssl_.get()) != 0; }
  bool is_tls() const override { return true; }
  std::string peer_name() const override;

 private:
  friend struct RecordBio;

  bool SendRecords();
  /// Makes records of the first bytes of `output`.
  void Encrypt(OutputQueue& output);

  Ssl ssl_;
  std::span<const char> received_;  // what ssl_ has not taken yet of the read that goes on
  std::string made_;                // our records
  size_t sent_bytes_ = 0;           // of made_
};

}  // namespace roost::net
