#include "cgit2.h"
