#include "net/tls.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <new>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/status.h"

namespace roost::net {
namespace {

constexpr size_t kReadRecordBytes = 32 << 10;  // with a record that is not whole yet, less than Transport::kReadBytes
constexpr size_t kMadeRecordBytes = 128 << 10;
constexpr size_t kKeptRecordBytes = 4 << 10;  // of a connection that sends nothing
// RFC 9113, section 9.2.2, forbids the others of TLS 1.2 for HTTP/2.
constexpr const char* kCiphers12 = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr std::string_view kSessionContext = "roost";

/// The first error that OpenSSL has noted on this thread, and forgets all of them.
std::string TakeSslError() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  const char* reason = code != 0 ? ERR_reason_error_string(code) : nullptr;
  return reason != nullptr ? reason : "unknown error";
}

/// Whether OpenSSL found nothing in a file that it could read, neither a certificate nor a key.
bool FoundNoPem(unsigned long code) {
  const int library = ERR_GET_LIB(code);
  const int reason = ERR_GET_REASON(code);
  return (library == ERR_LIB_PEM && reason == PEM_R_NO_START_LINE) ||
         (library == ERR_LIB_OSSL_DECODER && reason == ERR_R_UNSUPPORTED);
}

/// Why `file`, which should have `content` ("certificate", "key"), is of no use: OpenSSL's first error of this thread.
absl::Status FileError(std::string_view what, std::string_view content, const std::string& file,
                       std::string_view hint) {
  const unsigned long code = ERR_peek_error();
  std::string reason = TakeSslError();
  if (ERR_SYSTEM_ERROR(code)) {
    reason = std::strerror(ERR_GET_REASON(code));
    if (ERR_GET_REASON(code) == EACCES) hint = "let the user who runs the server read it";
  } else if (FoundNoPem(code)) {
    reason = fmt::format("there is no {} in PEM form in it", content);
  }
  return WithHint(absl::InvalidArgumentError(fmt::format("TLS: {} '{}' cannot be used: {}", what, file, reason)), hint);
}

/// A key that needs a passphrase is an error, not a question on the terminal.
int NoPassphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*user*/) { return 0; }

int SelectProtocol(SSL* /*ssl*/, const unsigned char** selected, unsigned char* selected_size,
                   const unsigned char* offered, unsigned offered_size, void* /*user*/) {
  static constexpr unsigned char kSpoken[] = "\x02h2\x08http/1.1";
  unsigned char* match = nullptr;
  const int result = SSL_select_next_proto(&match, selected_size, kSpoken, sizeof kSpoken - 1, offered, offered_size);
  *selected = match;
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

absl::StatusOr<SslContext> MakeContext(const TlsOptions& options) {
  ERR_clear_error();
  SslContext owner(SSL_CTX_new(TLS_server_method()));
  SSL_CTX* context = owner.get();
  if (context == nullptr) return absl::InternalError(fmt::format("TLS: {}", TakeSslError()));
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(context, kCiphers12);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_alpn_select_cb(context, SelectProtocol, nullptr);
  SSL_CTX_set_default_passwd_cb(context, NoPassphrase);
  SSL_CTX_set_session_id_context(context, reinterpret_cast<const unsigned char*>(kSessionContext.data()),
                                 static_cast<unsigned>(kSessionContext.size()));
  if (SSL_CTX_use_certificate_chain_file(context, options.certificate_file.c_str()) != 1) {
    return FileError("the certificate", "certificate", options.certificate_file,
                     "name a PEM file with the server's certificate first, then those that signed it");
  }
  if (SSL_CTX_use_PrivateKey_file(context, options.key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    return FileError("the key", "key", options.key_file,
                     "name the PEM file of the certificate's key, without a passphrase");
  }
  if (options.client_ca_file.empty()) return owner;
  STACK_OF(X509_NAME)* names = SSL_load_client_CA_file(options.client_ca_file.c_str());
  if (names == nullptr || SSL_CTX_load_verify_file(context, options.client_ca_file.c_str()) != 1) {
    sk_X509_NAME_pop_free(names, X509_NAME_free);
    return FileError("the client authority", "certificate", options.client_ca_file,
                     "name a PEM file with the certificates that sign those of clients");
  }
  SSL_CTX_set_client_CA_list(context, names);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return owner;
}

}  // namespace

/// What OpenSSL reads from and writes to: the buffers of a TlsTransport.
struct RecordBio {
  static int Write(BIO* bio, const char* data, int size) {
    static_cast<TlsTransport*>(BIO_get_data(bio))->made_.append(data, static_cast<size_t>(size));
    return size;
  }

  static int Read(BIO* bio, char* buffer, int size) {
    std::span<const char>& received = static_cast<TlsTransport*>(BIO_get_data(bio))->received_;
    BIO_clear_retry_flags(bio);
    if (received.empty()) {
      BIO_set_retry_read(bio);
      return -1;
    }
    const size_t taken = std::min(received.size(), static_cast<size_t>(size));
    std::copy_n(received.begin(), taken, buffer);
    received = received.subspan(taken);
    return static_cast<int>(taken);
  }

  static long Control(BIO* /*bio*/, int command, long /*number*/, void* /*pointer*/) {
    return command == BIO_CTRL_FLUSH ? 1 : 0;
  }

  static BIO_METHOD* Method() {
    BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "records in memory");
    if (method == nullptr) throw std::bad_alloc();
    BIO_meth_set_write(method, Write);
    BIO_meth_set_read(method, Read);
    BIO_meth_set_ctrl(method, Control);
    return method;
  }

  static BIO* Make(TlsTransport& transport) {
    static BIO_METHOD* const method = Method();  // never freed: connections of any server use it
    BIO* bio = BIO_new(method);
    if (bio == nullptr) throw std::bad_alloc();
    BIO_set_data(bio, &transport);
    BIO_set_init(bio, 1);
    return bio;
  }
};

absl::StatusOr<std::unique_ptr<TlsCredentials>> TlsCredentials::Load(const TlsOptions& options) {
  TRY_ASSIGN(SslContext context, MakeContext(options));
  return std::unique_ptr<TlsCredentials>(new TlsCredentials(options, std::move(context)));
}

absl::Status TlsCredentials::Reload() {
  TRY_ASSIGN(SslContext context, MakeContext(options_));
  const std::lock_guard lock(mutex_);
  context_.swap(context);  // connections keep the old one as long as they need it
  return absl::OkStatus();
}

Ssl TlsCredentials::NewConnection() {
  const std::lock_guard lock(mutex_);
  Ssl ssl(SSL_new(context_.get()));
  if (ssl == nullptr) throw std::bad_alloc();
  return ssl;
}

TlsTransport::TlsTransport(FileDescriptor fd, Ssl ssl) : Transport(std::move(fd)), ssl_(std::move(ssl)) {
  BIO* bio = RecordBio::Make(*this);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_accept_state(ssl_.get());
}

size_t TlsTransport::Read(std::span<char> buffer) {
  std::array<char, kReadRecordBytes> records;
  const size_t size = ReadSocket(records);
  if (size == 0) return 0;
  ERR_clear_error();
  received_ = std::span<const char>(records).first(size);
  size_t total = 0;
  bool failed = false;
  while (total < buffer.size()) {
    size_t read = 0;
    if (SSL_read_ex(ssl_.get(), buffer.data() + total, buffer.size() - total, &read) != 1) {
      const int error = SSL_get_error(ssl_.get(), 0);
      if (error == SSL_ERROR_ZERO_RETURN) End();
      failed = error != SSL_ERROR_WANT_READ && error != SSL_ERROR_ZERO_RETURN;
      break;
    }
    total += read;
  }
  received_ = {};
  SendRecords();  // of the handshake, or an alert
  if (failed) Break();
  return total;
}

size_t TlsTransport::unsent() const { return made_.size() - sent_bytes_; }

bool TlsTransport::SendRecords() {
  bool any = false;
  while (unsent() > 0) {
    const ssize_t sent = send(fd(), made_.data() + sent_bytes_, unsent(), MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) Break();
      return any;
    }
    any = true;
    sent_bytes_ += static_cast<size_t>(sent);
  }
  sent_bytes_ = 0;
  made_.clear();
  if (made_.capacity() > kKeptRecordBytes) made_.shrink_to_fit();
  return any;
}

bool TlsTransport::Write(OutputQueue& output) {
  bool any = SendRecords();
  while (unsent() == 0 && !output.empty() && state() != State::kBroken && is_established()) {
    Encrypt(output);
    any |= SendRecords();
  }
  return any;
}

void TlsTransport::Encrypt(OutputQueue& output) {
  ERR_clear_error();
  std::array<iovec, 1> piece;
  for (size_t made = 0; made < kMadeRecordBytes && output.Pieces(piece) > 0;) {
    size_t written = 0;
    const size_t size = std::min(piece[0].iov_len, kMadeRecordBytes - made);
    if (SSL_write_ex(ssl_.get(), piece[0].iov_base, size, &written) != 1) return Break();
    output.Remove(written);
    made += written;
  }
}

void TlsTransport::EndWriting() {
  ERR_clear_error();
  if (is_established() && SSL_shutdown(ssl_.get()) >= 0) SendRecords();
  ERR_clear_error();
  Transport::EndWriting();
}

std::string TlsTransport::peer_name() const {
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(SSL_get1_peer_certificate(ssl_.get()), X509_free);
  if (certificate == nullptr) return {};
  const X509_NAME* subject = X509_get_subject_name(certificate.get());
  const int position = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (position < 0) return {};
  unsigned char* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, position)));
  if (size < 0) return {};
  std::string name(reinterpret_cast<const char*>(utf8), static_cast<size_t>(size));
  OPENSSL_free(utf8);
  return name.find('\0') == std::string::npos ? name : std::string();
}

}  // namespace roost::net
