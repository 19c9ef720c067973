#include "support/catch.hpp"

#include <chrono>
#include <map>
#include <string>
#include <vector>
