/** Outlines of 24 × 24, drawn for this widget. */
export const CLOSE = "M6 6l12 12M18 6L6 18";
export const MENU = "M4.5 11.5h1v1h-1zM11.5 11.5h1v1h-1zM18.5 11.5h1v1h-1z";
export const SEND = "M12 20V5M5 12l7-7 7 7";
export const STOP = "M7 7h10v10H7z";
export const BACK = "M15 5l-7 7 7 7";
export const COPY = "M9 9h11v11H9zM5 15H4V4h11v1";
export const UP = "M7 11v9H4v-9zM7 11l4-8q3 0 2 4l-.5 2H20l-2 11H7";
export const SPARK = "M12 3c.8 5 3 8 9 9-6 1-8.2 4-9 9-.8-5-3-8-9-9 6-1 8.2-4 9-9z";
