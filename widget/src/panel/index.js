import { mount } from "./mount.js";

// The loader waits for this; no second name is needed in the page's global scope.
dispatchEvent(new CustomEvent("chatbot:panel", { detail: mount }));
