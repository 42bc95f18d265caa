#include "store/erase.h"

#include <gtest/gtest.h>
