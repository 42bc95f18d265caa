#pragma once

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "net/testing.h"
#include "net/tls.h"

namespace roost::net {

/// For tests: a certificate for `name` and its key, signed by `authority` or by itself.
class TestCertificate {
 public:
  explicit TestCertificate(const std::string& name, const TestCertificate* authority = nullptr)
      : key_(EVP_EC_gen("P-256"), EVP_PKEY_free), certificate_(X509_new(), X509_free) {
    static long serial = 1;
    X509* certificate = certificate_.get();
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3'600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 86'400);
    X509_set_pubkey(certificate, key_.get());
    const auto* text = reinterpret_cast<const unsigned char*>(name.data());
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8, text,
                               static_cast<int>(name.size()), -1, 0);
    const TestCertificate& signer = authority != nullptr ? *authority : *this;
    X509_set_issuer_name(certificate, X509_get_subject_name(signer.certificate_.get()));
    AddExtension(NID_basic_constraints, authority == nullptr ? "critical,CA:TRUE" : "CA:FALSE");
    AddExtension(NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
    X509_sign(certificate, signer.key_.get(), EVP_sha256());
  }

  X509* certificate() const { return certificate_.get(); }
  EVP_PKEY* key() const { return key_.get(); }

  std::string CertificatePem() const {
    return Pem([&](BIO* bio) { PEM_write_bio_X509(bio, certificate_.get()); });
  }
  std::string KeyPem(const char* passphrase = nullptr) const {
    return Pem([&](BIO* bio) {
      const EVP_CIPHER* cipher = passphrase != nullptr ? EVP_aes_128_cbc() : nullptr;
      PEM_write_bio_PrivateKey(bio, key_.get(), cipher, nullptr, 0, nullptr, const_cast<char*>(passphrase));
    });
  }

 private:
  template <typename Write>
  static std::string Pem(Write write) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), BIO_free);
    write(bio.get());
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &data);
    return {data, static_cast<size_t>(size)};
  }

  void AddExtension(int id, const char* value) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, id, value);
    X509_add_ext(certificate_.get(), extension, -1);
    X509_EXTENSION_free(extension);
  }

  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
  std::unique_ptr<X509, decltype(&X509_free)> certificate_;
};

/// For tests: a client under TLS that trusts one authority.
class TlsClient : public Client {
 public:
  struct Options {
    const TestCertificate* authority = nullptr;
    const TestCertificate* certificate = nullptr;  ///< null: shows none
    std::string alpn;                              ///< in wire form: "\2h2"
    int max_version = TLS1_3_VERSION;
  };

  TlsClient(uint16_t port, const Options& options) : Client(port), context_(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_max_proto_version(context_.get(), options.max_version);
    SSL_CTX_set_security_level(context_.get(), 0);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context_.get()), options.authority->certificate());
    if (options.certificate != nullptr) {
      SSL_CTX_use_certificate(context_.get(), options.certificate->certificate());
      SSL_CTX_use_PrivateKey(context_.get(), options.certificate->key());
    }
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const unsigned char*>(options.alpn.data()),
                        static_cast<unsigned>(options.alpn.size()));
    SSL_set_fd(ssl_.get(), fd());
    handshaken_ = SSL_connect(ssl_.get()) == 1;
    ERR_clear_error();
  }

  bool handshaken() const { return handshaken_; }
  SSL* ssl() { return ssl_.get(); }

  std::string alpn() const {
    const unsigned char* name = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl_.get(), &name, &size);
    return {reinterpret_cast<const char*>(name), size};
  }

  void Send(std::string_view bytes) override {
    while (handshaken_ && !bytes.empty()) {
      size_t sent = 0;
      if (SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &sent) != 1) return;
      bytes.remove_prefix(sent);
    }
  }

  std::string Receive() override {
    std::string buffer(16 << 10, '\0');
    size_t size = 0;
    if (!handshaken_ || SSL_read_ex(ssl_.get(), buffer.data(), buffer.size(), &size) != 1) size = 0;
    ERR_clear_error();
    buffer.resize(size);
    return buffer;
  }

 private:
  SslContext context_;
  Ssl ssl_;
  bool handshaken_ = false;
};

}  // namespace roost::net
