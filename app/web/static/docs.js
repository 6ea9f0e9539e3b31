// The API's page: examples can be copied. Without it they can be marked by hand.

import { offerCopies } from "./copy.js";

offerCopies(document);
