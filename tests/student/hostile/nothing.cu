// An empty file. SPDX-License-Identifier: MIT
