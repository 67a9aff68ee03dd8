// lwIP asks for this file; without an operating system there is nothing to say.
#pragma once
