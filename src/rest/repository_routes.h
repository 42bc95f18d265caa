#pragma once

#include <span>
#include <string>

#include "net/http_message.h"
#include "serving/model_loader.h"

namespace roost::rest {

/// Answers a path of /v2/repository, Triton's model repository extension (routes.h lists them). `pieces` are those
/// after "repository". False where there is no such path; nothing is answered then. Loading and unloading answer later,
/// from the loader's thread; without a `loader` (null) there are no such paths.
bool HandleRepository(const serving::ModelManager& models, serving::ModelLoader* loader,
                      std::span<const std::string_view> pieces, const net::HttpRequest& request,
                      net::HttpResponse& response);

}  // namespace roost::rest
